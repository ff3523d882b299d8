// Draws every chart from the table below it. Without scripts, the page shows only the table.

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MOST_COLOURS = 10;

function rowsOf(table) {
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.column);
  return [...table.tBodies[0].rows].map((row) => ({
    ...Object.fromEntries(
      [...row.cells].map((cell, place) => [
        columns[place],
        cell.dataset.number === undefined
          ? (cell.dataset.value ?? cell.textContent)
          : Number(cell.dataset.number),
      ]),
    ),
    href: row.dataset.href ?? row.querySelector("a[data-article]")?.href,
  }));
}

// The width of the labels of ranks, which leave most of a phone to the bars.
function labelWidth(width) {
  return Math.min(220, 0.42 * width);
}

function drawn({ mark, x, y, series, per, scale, counts, label, facet, domain, most }, rows, width) {
  const plot = Plot.plot({
    width,
    marginLeft: mark === "ranks" ? labelWidth(width) : mark === "cells" ? 90 : 55,
    marginBottom: 40,
    style: { background: "none", color: "inherit", fontFamily: "inherit", fontSize: "12px" },
    ariaLabel: label,
    ...MARKS[mark]({ x, y, series, per, scale, counts, facet, rows, most, width, domain: domain ? JSON.parse(domain) : undefined }),
  });
  // The page's policy forbids inline styles; archive.css has these rules.
  for (const style of plot.querySelectorAll("style")) {
    style.remove();
  }
  // For screen readers a chart is one labelled picture; the table has its data.
  for (const svg of plot.tagName === "svg" ? [plot] : plot.querySelectorAll("svg")) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  }
  for (const group of plot.querySelectorAll("g[aria-label]")) {
    group.dataset.mark = group.getAttribute("aria-label");
    group.removeAttribute("aria-label");
  }
  return plot;
}

// The domain is every name of the archive, in a fixed order: a section has the same colour in all charts.
function colours(rows, series, domain) {
  const names = domain ?? [...new Set(rows.map((row) => row[series]))];
  const scheme = names.length <= MOST_COLOURS ? { scheme: "observable10" } : { type: "ordinal", scheme: "rainbow" };
  return { legend: true, domain: names, ...scheme };
}

const MARKS = {
  bars: ({ x, y, series, per, rows, domain }) => ({
    height: 420,
    x: { label: null },
    y: { grid: true, label: y },
    ...(series ? { color: colours(rows, series, domain) } : {}),
    marks: [
      Plot.rectY(
        rows.map((row) => ({ ...row, [x]: new Date(row[x]) })),
        { x, y, fill: series ?? "var(--accent)", interval: per, tip: true, ...(domain ? { order: domain } : {}) },
      ),
      Plot.ruleY([0]),
    ],
  }),
  attention: ({ x, y, series, facet, rows, domain }) => {
    const points = rows.map((row) => ({ ...row, [x]: new Date(row[x]) }));
    const rowsOfFacets = facet ? { fy: facet } : {};
    const all = Math.max(...points.map((point) => point[y]).filter(Number.isFinite));
    return {
      height: facet ? 90 + 180 * new Set(rows.map((row) => row[facet])).size : 420,
      marginRight: facet ? 120 : 20,
      x: { label: null },
      y: {
        grid: true,
        domain: [0, all || 1],
        ...(y === "share"
          ? { label: "share of all articles, %", percent: true, domain: [0, 100 * (all || 0.01)] }
          : {
              label: y,
              tickFormat: (count) => (Number.isInteger(count) ? d3.format(",")(count) : ""),
              ...(all < 10 ? { ticks: all } : {}),
            }),
      },
      fy: { label: null },
      color: colours(rows, series, domain),
      marks: [
        Plot.ruleY([0]),
        Plot.lineY(points, { x, y, stroke: series, strokeWidth: 1.8, ...rowsOfFacets }),
        Plot.dot(points, {
          x,
          y,
          fill: series,
          r: 2.6,
          tip: true,
          channels: { articles: "articles", "of all": "of_all" },
          ...rowsOfFacets,
        }),
      ],
    };
  },
  lines: ({ x, y, series, scale, counts, rows: all, domain }) => {
    // A logarithmic axis has no zero.
    const rows = all.filter((row) => (scale !== "log" || row[x] > 0) && (counts !== "log" || row[y] > 0));
    return {
    height: 420,
    x: { grid: true, label: `${x} since publication`, ...(scale === "log" ? { type: "log", base: 2 } : {}) },
    y: { grid: true, label: y === "share" ? "share of the latest count" : y, ...(counts === "log" ? { type: "log" } : { zero: true }) },
    color: colours(rows, series, domain),
    marks: [
      Plot.lineY(rows, { x, y, stroke: series, strokeWidth: 1.8 }),
      Plot.dot(rows, { x, y, fill: series, r: 2.6, tip: true }),
      ...(counts === "log" ? [] : [Plot.ruleY([0])]),
    ],
    };
  },
  cells: ({ x, y, series, rows }) => ({
    height: 300,
    padding: 0.06,
    x: { domain: d3.range(24), label: x, tickSize: 0 },
    y: { domain: WEEKDAYS, label: null, tickSize: 0 },
    color: { scheme: "ylgnbu", legend: true, label: series, zero: true },
    marks: [Plot.cell(rows, { x, y, fill: series, rx: 2, tip: true })],
  }),
  ranks: ({ x, y, series, rows: all, domain, most, width }) => {
    // Cyrillic and Armenian letters are wide.
    const letters = Math.floor((labelWidth(width) - 14) / 7.4);
    const whole = all.every((row) => Number.isInteger(row[x]));
    const highest = Math.max(...all.map((row) => row[x]));
    // Several columns are the label of a bar together, so that two articles with the same headline have a bar each.
    const rows = all.slice(0, most ?? all.length).map((row) => ({
      ...row,
      label: y.split(" ").map((column) => row[column]).join(" "),
    }));
    return {
      height: 60 + new Set(rows.map((row) => row.label)).size * 22,
      marginTop: 42,
      x: {
        grid: true,
        label: x.replaceAll("_", " "),
        labelOffset: 38,
        axis: "top",
        ...(whole && highest < 10 ? { ticks: highest, tickFormat: "d" } : {}),
      },
      y: { label: null, tickSize: 0, tickFormat: (name) => (name.length > letters ? `${name.slice(0, letters - 1)}…` : name) },
      ...(series ? { color: colours(rows, series, domain) } : {}),
      marks: [
        Plot.barX(rows, { x, y: "label", fill: series ?? "var(--accent)", sort: { y: "-x" }, tip: true }),
        Plot.ruleX([0]),
      ],
    };
  },
};

// The data of the point under the pointer; a click opens its articles. The table has the same links.
function openOnClick(plot) {
  plot.addEventListener("input", () => plot.classList.toggle("has-link", Boolean(plot.value?.href)));
  plot.addEventListener("click", () => {
    if (plot.value?.href) {
      window.location.assign(plot.value.href);
    }
  });
}

for (const figure of document.querySelectorAll("figure[data-mark]")) {
  const rows = rowsOf(document.getElementById(figure.dataset.table));
  if (rows.length > 0) {
    const plot = drawn(figure.dataset, rows, figure.clientWidth);
    openOnClick(plot);
    figure.prepend(plot);
  }
}

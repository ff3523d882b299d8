// Draws every chart from the table below it. Without scripts, the page shows only the table.

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MOST_COLOURS = 10;

function rowsOf(table) {
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.column);
  return [...table.tBodies[0].rows].map((row) =>
    Object.fromEntries(
      [...row.cells].map((cell, place) => [
        columns[place],
        cell.dataset.number === undefined ? cell.textContent : Number(cell.dataset.number),
      ]),
    ),
  );
}

function drawn({ mark, x, y, series, per, scale, label }, rows, width) {
  const plot = Plot.plot({
    width,
    marginLeft: mark === "ranks" ? 170 : mark === "cells" ? 90 : 55,
    marginBottom: 40,
    style: { background: "none", color: "inherit", fontFamily: "inherit", fontSize: "12px" },
    ariaLabel: label,
    ...MARKS[mark]({ x, y, series, per, scale, rows }),
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

function colours(rows, series) {
  const names = new Set(rows.map((row) => row[series]));
  const scheme = names.size <= MOST_COLOURS ? "observable10" : undefined;
  return { legend: true, domain: [...names], ...(scheme ? { scheme } : { type: "ordinal", scheme: "rainbow" }) };
}

const MARKS = {
  bars: ({ x, y, series, per, rows }) => ({
    height: 420,
    x: { label: null },
    y: { grid: true, label: y },
    color: colours(rows, series),
    marks: [
      Plot.rectY(
        rows.map((row) => ({ ...row, [x]: new Date(row[x]) })),
        { x, y, fill: series, interval: per, tip: true },
      ),
      Plot.ruleY([0]),
    ],
  }),
  lines: ({ x, y, series, scale, rows }) => ({
    height: 420,
    x: { grid: true, label: `${x} since publication`, ...(scale === "log" ? { type: "log", base: 2 } : {}) },
    y: { grid: true, label: y, zero: true },
    color: colours(rows, series),
    marks: [
      Plot.lineY(rows, { x, y, stroke: series, strokeWidth: 1.8 }),
      Plot.dot(rows, { x, y, fill: series, r: 2.6, tip: true }),
      Plot.ruleY([0]),
    ],
  }),
  cells: ({ x, y, series, rows }) => ({
    height: 300,
    padding: 0.06,
    x: { domain: d3.range(24), label: x, tickSize: 0 },
    y: { domain: WEEKDAYS, label: null, tickSize: 0 },
    color: { scheme: "ylgnbu", legend: true, label: series, zero: true },
    marks: [Plot.cell(rows, { x, y, fill: series, rx: 2, tip: true })],
  }),
  ranks: ({ x, y, rows }) => ({
    height: 60 + rows.length * 22,
    marginTop: 42,
    x: { grid: true, label: x, labelOffset: 38, axis: "top" },
    y: { label: null, tickSize: 0 },
    marks: [Plot.barX(rows, { x, y, fill: "var(--accent)", sort: { y: "-x" }, tip: true }), Plot.ruleX([0])],
  }),
};

for (const figure of document.querySelectorAll("figure[data-mark]")) {
  const rows = rowsOf(document.getElementById(figure.dataset.table));
  if (rows.length > 0) {
    figure.prepend(drawn(figure.dataset, rows, figure.clientWidth));
  }
}

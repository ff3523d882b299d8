// Adds buttons to every chart that save it as SVG or PNG, with its title, legend and note.

const SCALE = 2; // of a PNG, for print
const LINE = 20;
const SVG = "http://www.w3.org/2000/svg";
const STYLES = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "fill-opacity", "opacity", "font-size", "font-family", "font-weight", "font-variant", "text-anchor"];

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}

// The style sheets of the page do not come with the file.
function withStyles(from, to) {
  const computed = getComputedStyle(from);
  for (const name of STYLES) {
    const value = computed.getPropertyValue(name);
    if (value) {
      to.setAttribute(name, value);
    }
  }
  to.removeAttribute("class");
  [...from.children].forEach((child, place) => withStyles(child, to.children[place]));
}

function legendOf(figure, width, top, font) {
  const group = element("g", {});
  let [x, y] = [10, top];
  for (const swatch of figure.querySelectorAll("[class*='-swatch']:not([class*='-swatches'])")) {
    const text = swatch.textContent;
    const room = 34 + text.length * 7;
    if (x > 10 && x + room > width) {
      [x, y] = [10, y + LINE];
    }
    const colour = swatch.querySelector("rect, svg");
    group.append(element("rect", { x, y: y - 11, width: 13, height: 13, fill: getComputedStyle(colour).fill }));
    group.append(element("text", { x: x + 19, y, ...font }, text));
    x += room;
  }
  return [group, group.children.length > 0 ? y + LINE : top];
}

function pictureOf(figure) {
  const plots = [...figure.querySelectorAll("svg")];
  const plot = plots.reduce((largest, each) => (each.clientWidth * each.clientHeight > largest.clientWidth * largest.clientHeight ? each : largest));
  const [width, height] = [plot.clientWidth, plot.clientHeight];
  const page = getComputedStyle(document.body);
  const font = { fill: page.color, "font-family": "sans-serif", "font-size": "12px" };
  const copy = plot.cloneNode(true);
  withStyles(plot, copy);
  for (const tip of copy.querySelectorAll("[data-mark='tip'], [aria-label='tip']")) {
    tip.remove();
  }
  const [legend, below] = legendOf(figure, width, 2 * LINE + 6, font);
  const total = below + height + LINE;
  const picture = element("svg", { xmlns: SVG, width, height: total, viewBox: `0 0 ${width} ${total}` });
  picture.append(element("rect", { width, height: total, fill: page.backgroundColor }));
  picture.append(element("text", { x: 10, y: LINE, ...font, "font-size": "15px", "font-weight": "bold" }, figure.dataset.label));
  picture.append(legend);
  copy.setAttribute("y", below - 10);
  picture.append(copy);
  picture.append(element("text", { x: 10, y: total - 8, ...font, "font-size": "10px" }, figure.dataset.note ?? ""));
  return [new XMLSerializer().serializeToString(picture), width, total];
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function saveSvg(figure, name) {
  save(new Blob([pictureOf(figure)[0]], { type: "image/svg+xml" }), `${name}.svg`);
}

function savePng(figure, name) {
  const [text, width, height] = pictureOf(figure);
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, `${name}.png`), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

for (const figure of document.querySelectorAll("figure[data-mark]")) {
  if (!figure.querySelector("svg")) {
    continue;
  }
  const buttons = document.createElement("p");
  buttons.className = "quiet save";
  const name = figure.dataset.label.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  for (const [label, action] of [["Save as SVG", saveSvg], ["Save as PNG", savePng]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => action(figure, name));
    buttons.append(button);
  }
  figure.append(buttons);
}

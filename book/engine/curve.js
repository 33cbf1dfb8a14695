// The losses of a run on a logarithmic axis, as SVG in the colours of the page.

const NS = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [480, 170, 46, 24, 10];

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function svg(tag, attributes, text) {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** 1, 2 and 5 times a power of ten; powers alone where there are many. @param {number} low @param {number} high */
function ticks(low, high) {
  const steps = high / low > 50 ? [1] : [1, 2, 5];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) {
      const value = step * 10 ** power;
      if (value >= low && value <= high) found.push(Number(value.toPrecision(1)));
    }
  }
  return found.length > 1 ? found : [low, high].map((value) => Number(value.toPrecision(2)));
}

/** The content, the style and the smoothness of one step. @param {Record<string, number>} terms */
export function byKind(terms) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const [name, value] of Object.entries(terms)) {
    const kind = name.split(" ")[0] === "total" ? "total variation" : name.split(" ")[0];
    sums[kind] = (sums[kind] ?? 0) + value;
  }
  return sums;
}

/** A curve for the total and each kind of term. */
export class Curve {
  constructor() {
    this.svg = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "st-curve" });
    this.legend = document.createElement("p");
    this.legend.className = "st-legend";
    this.steps = 1;
    /** @type {Record<string, number[]>} */
    this.series = {};
    this.clear(1);
  }

  /** @param {number} steps how many there will be */
  clear(steps) {
    this.steps = steps;
    this.series = {};
    this.svg.setAttribute("aria-label", "The loss at each step: nothing yet.");
    this.svg.replaceChildren();
    this.legend.replaceChildren();
  }

  /** @param {number} total @param {Record<string, number>} terms */
  add(total, terms) {
    /** @type {Record<string, number>} */
    const sums = { total, ...byKind(terms) };
    if (Object.keys(sums).length === 2) delete sums[/** @type {string} */ (Object.keys(sums)[1])]; // the total itself
    for (const [name, value] of Object.entries(sums)) (this.series[name] ??= []).push(value);
    this.#draw();
  }

  #draw() {
    const all = Object.values(this.series).flat().filter((value) => value > 0);
    const high = Math.max(...all) * 1.15;
    const low = Math.max(Math.min(...all) / 1.15, high / 1e4); // a term of nearly nothing is no scale for the others
    const y = (/** @type {number} */ value) =>
      TOP + ((Math.log(high) - Math.log(Math.max(value, low))) / Math.log(high / low)) * (HEIGHT - TOP - BOTTOM);
    const x = (/** @type {number} */ i) => LEFT + (i / Math.max(1, this.steps - 1)) * (WIDTH - LEFT - 8);
    const parts = ticks(low, high).flatMap((value) => [
      svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value), class: "st-grid" }),
      svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
    ]);
    parts.push(svg("text", { x: LEFT, y: HEIGHT - 6 }, "step 1"));
    parts.push(svg("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, String(this.steps)));
    const entries = Object.entries(this.series);
    entries.forEach(([, values], i) => {
      const points = values.map((value, k) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      parts.push(svg("polyline", { points, class: `st-line st-line-${i}` }));
    });
    this.svg.replaceChildren(...parts);
    const last = entries.map(([name, values]) => `${name} ${Number(values.at(-1)?.toPrecision(3))}`);
    this.svg.setAttribute("aria-label", `The loss at each step, on a logarithmic axis. Now: ${last.join(", ")}.`);
    this.legend.replaceChildren(
      ...last.map((text, i) => {
        const item = document.createElement("span");
        item.className = `st-key st-key-${i}`;
        item.textContent = text;
        return item;
      }),
    );
  }
}

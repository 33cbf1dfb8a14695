/**
 * Features under the pointer: the column of F at a position, the square that it sees, and where a filter fires.
 *
 * State: `layers` [{ name, filters, stride, field }], `layer` (a name), `filter` (whose map and patches are shown),
 * `overlay` (whether the map lies over the picture), `row` and `column` (of the position that is kept), `version`.
 * Asked: "picture" → a picture; "layer" { layer } → F, [C, H, W].
 */

import { INFERNO, arrow, brief, colour, fitted, make, opened, outline, pen2d, pointing, raster, surface, within } from "./canvas.js";
import { Host, newest } from "./protocol.js";

/** @typedef {import("./protocol.js").Numbers & { top: number, strong: number, peaks: Map<number, number[]> }} Maps */

const KEPT = 6; // layers whose features are kept here
const NAMED = 6;
const PATCHES = 9;

/** Filters with the largest values, the strongest first. @param {ArrayLike<number>} column @param {number} count */
export function strongestOf(column, count) {
  const order = Array.from(column, (_, i) => i);
  return order.sort((a, b) => column[b] - column[a] || a - b).slice(0, count);
}

/** The highest places of a map, none within `apart` rows and columns of a higher one.
 * @param {ArrayLike<number>} map @param {number} width @param {number} apart @param {number} count */
export function peaks(map, width, apart, count) {
  /** @type {number[]} */
  const found = [];
  for (const k of Array.from(map, (_, i) => i).sort((a, b) => map[b] - map[a] || a - b)) {
    if (!(map[k] > 0) || found.length === count) break;
    const [row, column] = [Math.floor(k / width), k % width];
    const near = (/** @type {number} */ other) =>
      Math.max(Math.abs(Math.floor(other / width) - row), Math.abs((other % width) - column)) <= apart;
    if (!found.some(near)) found.push(k);
  }
  return found;
}

/** The square that a position sees. @param {{ stride: number, field: number }} layer @param {number} row
 * @param {number} column @returns {import("./canvas.js").Box} */
export function field({ stride, field: side }, row, column) {
  const corner = (/** @type {number} */ p) => Math.floor((2 * p * stride + stride - side) / 2);
  return { x: corner(column), y: corner(row), width: side, height: side };
}

/** @param {import("./protocol.js").Context} context */
function render({ model, el }) {
  const { say, speak } = opened(el);
  const host = new Host(model, say);
  const [forPicture, forLayer] = [newest(), newest()];
  /** @type {HTMLCanvasElement | null} */
  let image = null;
  /** @type {Maps | null} */
  let F = null;
  /** @type {Map<string, Maps>} */
  const kept = new Map();
  /** @type {[number, number] | null} */
  let hover = null;

  const info = () => model.get("layers").find((/** @type {any} */ one) => one.name === model.get("layer"));
  /** @returns {[number, number]} */
  const position = () => {
    const [rows, columns] = F ? F.shape.slice(1) : [1, 1];
    const [row, column] = hover ?? [model.get("row"), model.get("column")];
    return [within(row, 0, rows - 1), within(column, 0, columns - 1)];
  };
  const mapOf = (/** @type {number} */ i) => {
    const maps = /** @type {Maps} */ (F);
    const size = maps.shape[1] * maps.shape[2];
    return maps.values.subarray(i * size, (i + 1) * size);
  };
  /** @type {{ of: Maps | null, filter: number, canvas: HTMLCanvasElement | null }} */
  let heated = { of: null, filter: -1, canvas: null };
  /** Coloured once, not at each move. @param {number} filter @param {Float32Array} map @param {number} W @param {number} H */
  const heatOf = (filter, map, W, H) => {
    if (heated.of !== F || heated.filter !== filter || !heated.canvas) {
      const top = map.reduce((a, b) => Math.max(a, b), 0);
      heated = { of: F, filter, canvas: raster(map, W, H, INFERNO, top, 0.86) };
    }
    return /** @type {HTMLCanvasElement} */ (heated.canvas);
  };
  const columnAt = () => {
    if (!F) return new Float32Array(0);
    const [C, H, W] = F.shape;
    const [row, column] = position();
    return Float32Array.from({ length: C }, (_, i) => /** @type {Maps} */ (F).values[(i * H + row) * W + column]);
  };

  // The parts, from top to bottom.
  const names = model.get("layers").map((/** @type {any} */ one) => one.name);
  const slider = make("input", { type: "range", min: 0, max: names.length - 1, step: 1, "aria-label": "layer",
    oninput: () => host.set({ layer: names[Number(slider.value)] }) });
  const told = make("output");
  const overlay = make("button", { type: "button", title: "lay the map of the chosen filter over the picture",
    onclick: () => host.set({ overlay: !model.get("overlay") }) }, "map over the picture");
  const stage = surface({ name: "picture", height: 340, draw: drawPicture,
    help: "Move over the picture, or use the arrow keys; click to keep a position." });
  const lead = make("p", { class: "st-lead" });
  const bars = surface({ name: "column of F", height: 176, draw: drawBars,
    help: "One bar for each filter. Click one, or choose it with the arrow keys, to see its map." });
  const chips = Array.from({ length: NAMED }, () => make("button", { type: "button", title: "show the map of this filter",
    onclick: (/** @type {Event} */ event) => choose(Number(/** @type {HTMLElement} */ (event.currentTarget).dataset.filter)) }));
  const patchLead = make("p", { class: "st-lead" });
  const patches = Array.from({ length: PATCHES }, () => make("button", { type: "button", onclick: (/** @type {Event} */ event) => {
    const at = Number(/** @type {HTMLElement} */ (event.currentTarget).dataset.place);
    const W = F ? F.shape[2] : 1;
    hover = null;
    host.set({ row: Math.floor(at / W), column: at % W });
  } }, make("canvas", { width: 96, height: 96 })));
  const caption = make("figcaption", {}, "Move over the picture, or use the arrow keys; click to keep a position.");
  el.prepend(
    make("div", { class: "st-row" }, make("label", {}, "layer", slider), told, overlay),
    make("div", { class: "st-two" },
      make("figure", {}, stage.canvas, caption),
      make("div", { style: "min-width: 0" }, lead, bars.canvas,
        make("div", { class: "st-chips", role: "group", "aria-label": "the strongest filters here" }, ...chips),
        patchLead,
        make("div", { class: "st-patches", role: "group", "aria-label": "places that excite the filter most" }, ...patches)),
    ),
  );

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height */
  function drawPicture(pen, width, height) {
    if (!image) return;
    const box = fitted(image.width, image.height, width, height);
    const scale = box.width / image.width;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, box.x, box.y, box.width, box.height);
    if (!F) return;
    const layer = info();
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.width, box.height);
    pen.clip();
    if (model.get("overlay")) {
      const [, H, W] = F.shape;
      const map = mapOf(model.get("filter"));
      const heat = heatOf(model.get("filter"), map, W, H);
      pen.fillStyle = "rgba(0, 0, 0, 0.35)";
      pen.fillRect(box.x, box.y, box.width, box.height);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(heat, box.x, box.y, W * layer.stride * scale, H * layer.stride * scale);
    }
    const [row, column] = position();
    const seen = field(layer, row, column);
    const shown = { x: box.x + seen.x * scale, y: box.y + seen.y * scale, width: seen.width * scale, height: seen.height * scale };
    if (!model.get("overlay")) { // what the position does not see is dimmed
      pen.fillStyle = "rgba(0, 0, 0, 0.28)";
      pen.beginPath();
      pen.rect(box.x, box.y, box.width, box.height);
      pen.rect(shown.x, shown.y, shown.width, shown.height);
      pen.fill("evenodd");
    }
    outline(pen, shown);
    pen.restore();
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height */
  function drawBars(pen, width, height) {
    if (!F) return;
    const column = columnAt();
    const [left, top, floor] = [4, 18, height - 4];
    const wide = (width - 2 * left) / column.length;
    const ink = [colour(el, "--st-accent"), colour(el, "--st-warm"), colour(el, "--st-ink")];
    const tall = (/** @type {number} */ value) => within(value / /** @type {Maps} */ (F).strong, 0, 1) * (floor - top);
    const drawn = Math.max(1, wide > 3 ? wide - 1 : wide);
    column.forEach((value, i) => {
      pen.fillStyle = i === model.get("filter") ? ink[1] : ink[0];
      const size = Math.max(tall(value), i === model.get("filter") ? 2 : value > 0 ? 0.5 : 0);
      pen.fillRect(left + i * wide, floor - size, i === model.get("filter") ? Math.max(3, drawn) : drawn, size);
    });
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillStyle = ink[2];
    /** @type {number[]} */
    const taken = [];
    for (const i of strongestOf(column, NAMED)) {
      const x = within(left + (i + 0.5) * wide, 14, width - 14);
      if (!(column[i] > 0) || taken.some((other) => Math.abs(other - x) < 26)) continue;
      taken.push(x);
      pen.fillText(String(i), x, floor - tall(column[i]) - 4);
    }
  }

  function drawPatches() {
    const i = model.get("filter");
    if (!F || !image || i >= F.shape[0]) return;
    const layer = info();
    const W = F.shape[2];
    const apart = Math.max(1, Math.floor(layer.field / layer.stride / 2));
    const map = mapOf(i);
    const found = F.peaks.get(i) ?? peaks(map, W, apart, PATCHES);
    F.peaks.set(i, found);
    patchLead.textContent = found.length
      ? `Filter ${i}: the places of this picture that excite it most`
      : `Filter ${i} is silent in this picture`;
    patches.forEach((button, place) => {
      const canvas = /** @type {HTMLCanvasElement} */ (button.firstChild);
      const pen = pen2d(canvas);
      pen.clearRect(0, 0, 96, 96);
      button.disabled = place >= found.length;
      if (button.disabled) {
        button.setAttribute("aria-label", "no further place");
        return;
      }
      const [row, column] = [Math.floor(found[place] / W), found[place] % W];
      const seen = field(layer, row, column);
      pen.imageSmoothingEnabled = seen.width > 48;
      pen.drawImage(/** @type {HTMLCanvasElement} */ (image), seen.x, seen.y, seen.width, seen.height, 0, 0, 96, 96);
      button.dataset.place = String(found[place]);
      button.setAttribute("aria-label", `place ${place + 1}: row ${row}, column ${column}`);
      button.title = `F = ${brief(map[found[place]])} at row ${row}, column ${column}; click to go there`;
    });
  }

  function showPosition() {
    if (!F) return;
    const [row, column] = position();
    const values = columnAt();
    lead.textContent = `F at row ${row}, column ${column}: a bar for each filter; click one for its map`;
    strongestOf(values, NAMED).forEach((i, place) => {
      chips[place].textContent = `${i}: ${brief(values[i])}`;
      chips[place].dataset.filter = String(i);
      chips[place].setAttribute("aria-label", `filter ${i}, F = ${brief(values[i])}`);
      chips[place].setAttribute("aria-pressed", String(i === model.get("filter")));
    });
    stage.redraw();
    bars.redraw();
  }

  function speakPosition() {
    const [row, column] = position();
    const values = columnAt();
    speak(`row ${row}, column ${column}; strongest: ${strongestOf(values, 3).map((i) => `filter ${i}, ${brief(values[i])}`).join("; ")}`);
  }

  function showState() {
    slider.value = String(names.indexOf(model.get("layer")));
    const layer = info();
    told.textContent = `${layer.name}: N = ${layer.filters} filters, each position sees ${layer.field} × ${layer.field} pixels`;
    slider.setAttribute("aria-valuetext", told.textContent);
    overlay.setAttribute("aria-pressed", String(model.get("overlay")));
    showPosition();
    drawPatches();
  }

  /** @param {number} i */
  function choose(i) {
    host.set({ filter: i, overlay: true });
  }

  /** The position under the pointer, or null outside the picture. @param {number} x @param {number} y
   * @returns {[number, number] | null} */
  function positionAt(x, y) {
    if (!image || !F) return null;
    const box = fitted(image.width, image.height, stage.canvas.clientWidth, stage.canvas.clientHeight);
    const [px, py] = [((x - box.x) / box.width) * image.width, ((y - box.y) / box.height) * image.height];
    if (px < 0 || py < 0 || px >= image.width || py >= image.height) return null;
    const { stride } = info();
    return [within(Math.floor(py / stride), 0, F.shape[1] - 1), within(Math.floor(px / stride), 0, F.shape[2] - 1)];
  }

  pointing(stage.canvas, {
    over: (x, y) => {
      hover = positionAt(x, y);
      showPosition();
    },
    down: (x, y) => {
      const at = positionAt(x, y);
      if (at) host.set({ row: at[0], column: at[1] });
    },
    out: () => {
      hover = null;
      showPosition();
    },
    key: (key, event) => {
      const step = arrow(event);
      if (!step || !F) return false;
      const [row, column] = position();
      hover = null;
      host.set({ row: within(row + step[1], 0, F.shape[1] - 1), column: within(column + step[0], 0, F.shape[2] - 1) });
      showPosition();
      speakPosition();
      return true;
    },
  });
  pointing(bars.canvas, {
    down: (x) => {
      if (!F) return;
      const i = Math.floor(((x - 4) / (bars.canvas.clientWidth - 8)) * F.shape[0]);
      // Bars may be too narrow to hit: take the strongest within three pixels.
      const reach = Math.ceil((3 * F.shape[0]) / bars.canvas.clientWidth);
      const values = columnAt();
      let best = within(i, 0, F.shape[0] - 1);
      for (let k = Math.max(0, i - reach); k <= Math.min(F.shape[0] - 1, i + reach); k += 1) if (values[k] > values[best]) best = k;
      choose(best);
    },
    key: (key, event) => {
      const step = arrow(event);
      if (!step || !F) return false;
      const i = within(model.get("filter") + step[0] - step[1], 0, F.shape[0] - 1);
      choose(i);
      speak(`filter ${i}, F = ${brief(columnAt()[i])} here`);
      return true;
    },
  });

  function askPicture() {
    forPicture(host.picture("picture"), (found) => {
      image = found;
      showState();
    });
  }

  function askLayer() {
    const layer = model.get("layer");
    const before = kept.get(layer);
    const asked = before ? Promise.resolve(before) : host.numbers("layer", { layer }).then(prepared);
    forLayer(asked, (found) => {
      kept.delete(layer);
      kept.set(layer, found);
      while (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
      F = found;
      showState();
      el.dataset.shown = layer;
    });
  }

  for (const name of ["filter", "overlay", "row", "column"]) host.on(`change:${name}`, showState);
  host.on("change:layer", () => {
    hover = null;
    askLayer();
  });
  host.on("change:version", () => {
    kept.clear();
    askPicture();
    askLayer();
  });
  askPicture();
  askLayer();
  return () => {
    host.close();
    stage.close();
    bars.close();
  };
}

/** @param {import("./protocol.js").Numbers} numbers @returns {Maps} */
function prepared(numbers) {
  // Bars have one scale for a whole layer, so that a quiet place looks quiet: the value that one in 2000 exceeds.
  const some = numbers.values.filter((_, k) => k % Math.ceil(numbers.values.length / 40000) === 0).sort();
  const strong = some[Math.floor(some.length * 0.9995)] || some[some.length - 1] || 1;
  return { ...numbers, top: some[some.length - 1], strong, peaks: new Map() };
}

export default { render };

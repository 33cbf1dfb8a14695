/**
 * Paint regions on a picture: brush, eraser, fill, undo. Region 0 is where nothing was painted.
 *
 * State: `tool` ("brush", "eraser" or "fill"), `label` (1 … `labels`: the region that is painted), `labels` (how many there
 * are), `size` (radius of the brush in pixels), `alike` (how far colours may be from the one that is clicked, 0 … 1),
 * `name` (what the picture is called), `used` (the labels that occur, in order), `version`.
 * Asked: "picture" → a picture; "mask" → labels, [H, W] of uint8, of the picture's size; "keep" { shape } with the labels as
 * a buffer: the host keeps them, and answers with no buffer.
 */

import { arrow, choices, fitted, make, opened, pointing, surface, within } from "./canvas.js";
import { Host, newest } from "./protocol.js";

const UNDONE = 40; // strokes
/** The colours of regions 1, 2 and 3, as in the studio's preview; there region 0 is blue. */
export const TINTS = [[255, 140, 0], [0, 179, 77], [204, 26, 153]];

/**
 * The pixels that are connected to a given one, and have its label and about its colour.
 * @param {Uint8Array} labels @param {Uint8ClampedArray} pixels red, green, blue, opacity @param {number} width @param {number} start
 * @param {number} alike 0: this colour only; 1: any @returns {number[]}
 */
export function connected(labels, pixels, width, start, alike) {
  const limit = (alike * 442) ** 2; // from black to white
  const [r, g, b] = pixels.subarray(4 * start, 4 * start + 3);
  const seen = new Uint8Array(labels.length);
  const [open, found] = [[start], /** @type {number[]} */ ([])];
  seen[start] = 1;
  while (open.length) {
    const k = /** @type {number} */ (open.pop());
    found.push(k);
    const column = k % width;
    for (const next of [column > 0 ? k - 1 : -1, column < width - 1 ? k + 1 : -1, k - width, k + width]) {
      if (next < 0 || next >= labels.length || seen[next] || labels[next] !== labels[start]) continue;
      const far = (pixels[4 * next] - r) ** 2 + (pixels[4 * next + 1] - g) ** 2 + (pixels[4 * next + 2] - b) ** 2;
      if (far > limit) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return found;
}

/** @param {import("./protocol.js").Context} context */
function render({ model, el }) {
  const { say, speak } = opened(el);
  const host = new Host(model, say);
  const [forPicture, forMask] = [newest(), newest()];
  /** @type {HTMLCanvasElement | null} */
  let image = null;
  /** @type {Uint8Array} */
  let mask = new Uint8Array(0);
  let [width, height] = [0, 0];
  /** @type {Uint8Array[]} */
  let past = [];
  /** @type {Uint8Array[]} */
  let future = [];
  /** @type {[number, number] | null} */
  let cursor = null;
  /** @type {[number, number] | null} */
  let last = null;
  const tinted = document.createElement("canvas");

  const tools = choices("tool", [
    ["brush", "Brush", "drag to paint (b)"], ["eraser", "Eraser", "drag to erase (e)"],
    ["fill", "Fill", "click to fill what is connected and of a similar colour (f)"],
  ], (value) => host.set({ tool: value }));
  const labels = choices("region", Array.from({ length: model.get("labels") }, (_, k) =>
    /** @type {[string, string, string]} */ ([String(k + 1), String(k + 1), `paint region ${k + 1} (key ${k + 1})`]),
  ), (value) => host.set({ label: Number(value) }));
  labels.box.querySelectorAll("button").forEach((button, k) => {
    button.setAttribute("aria-label", `Region ${k + 1}`);
    button.prepend(make("span", { class: "st-swatch", style: `background: rgb(${TINTS[k].join(" ")})` }));
  });
  const size = make("input", { type: "range", min: 1, max: 60, "aria-label": "size of the brush", style: "width: 110px",
    oninput: () => host.set({ size: Number(size.value) }) });
  const alike = make("input", { type: "range", min: 0, max: 100, "aria-label": "how similar the filled colours are", style: "width: 110px",
    oninput: () => host.set({ alike: 1 - Number(alike.value) / 100 }) });
  const sized = make("label", {}, "size", size);
  const likened = make("label", {}, "alike", alike);
  /** @param {string} text @param {string} title @param {() => void} action */
  const button = (text, title, action) => make("button", { type: "button", title, onclick: action }, text);
  const undo = button("Undo", "undo the last stroke (Ctrl + Z)", () => travel(past, future));
  const redo = button("Redo", "redo the last stroke (Ctrl + Shift + Z)", () => travel(future, past));
  const clear = button("Clear", "erase everything", () => change(() => mask.fill(0)));
  const stage = surface({ name: model.get("name"), height: 300, draw,
    help: "Drag to paint. Keys: arrows move, Space paints, b, e and f choose the tool, digits the region, [ and ] the size, Ctrl + Z undoes." });
  const caption = make("figcaption");
  el.prepend(
    make("div", { class: "st-row" }, tools.box, sized, likened),
    make("div", { class: "st-row" }, make("span", {}, "region", " ", labels.box), make("span", { class: "st-choices" }, undo, redo, clear)),
    make("figure", {}, stage.canvas, caption),
  );

  /** @param {CanvasRenderingContext2D} pen @param {number} wide @param {number} tall */
  function draw(pen, wide, tall) {
    if (!image) return;
    const box = fitted(image.width, image.height, wide, tall);
    const scale = box.width / image.width;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, box.x, box.y, box.width, box.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(tinted, box.x, box.y, box.width, box.height);
    if (!cursor) return;
    const [x, y] = [box.x + (cursor[0] + 0.5) * scale, box.y + (cursor[1] + 0.5) * scale];
    const r = model.get("tool") === "fill" ? 4 : Math.max(2, model.get("size") * scale);
    for (const [ink, thick] of /** @type {[string, number][]} */ ([["rgba(0, 0, 0, 0.75)", 3], ["#fff", 1.25]])) {
      pen.beginPath();
      pen.arc(x, y, r, 0, 2 * Math.PI);
      [pen.strokeStyle, pen.lineWidth] = [ink, thick];
      pen.stroke();
    }
  }

  function tint() {
    if (!width) return;
    [tinted.width, tinted.height] = [width, height];
    const pen = /** @type {CanvasRenderingContext2D} */ (tinted.getContext("2d"));
    const colours = pen.createImageData(width, height);
    for (let k = 0; k < mask.length; k += 1) {
      if (mask[k] === 0) continue;
      colours.data.set(TINTS[(mask[k] - 1) % TINTS.length], 4 * k);
      colours.data[4 * k + 3] = 130;
    }
    pen.putImageData(colours, 0, 0);
    stage.redraw();
  }

  function showState() {
    tools.press(model.get("tool"));
    labels.press(String(model.get("label")));
    size.value = String(model.get("size"));
    alike.value = String(Math.round(100 * (1 - model.get("alike"))));
    const filling = model.get("tool") === "fill";
    sized.style.display = filling ? "none" : ""; // one in the place of the other
    likened.style.display = filling ? "" : "none";
    [undo.disabled, redo.disabled] = [past.length === 0, future.length === 0];
    clear.disabled = !mask.some((label) => label > 0);
    stage.name(`paint regions on ${model.get("name")}`);
    const shares = Array.from({ length: model.get("labels") }, (_, k) => mask.reduce((sum, label) => sum + Number(label === k + 1), 0) / (mask.length || 1));
    const told = shares.flatMap((share, k) => (share > 0 ? [`region ${k + 1}: ${Math.max(1, Math.round(100 * share))} %`] : []));
    caption.textContent = told.length ? `${told.join(", ")}; the rest is region 0` : `Drag over ${model.get("name")} to paint a region.`;
    stage.redraw();
  }

  /** Let the host keep the labels, after each stroke. */
  function keep() {
    host.ask("keep", { shape: [height, width] }, [mask.slice()]).catch(() => undefined);
    tint();
    showState();
  }

  function begin() {
    past.push(mask.slice());
    if (past.length > UNDONE) past.shift();
    future = [];
  }

  /** @param {() => void} act */
  function change(act) {
    if (!width) return;
    begin();
    act();
    keep();
  }

  /** @param {Uint8Array[]} from @param {Uint8Array[]} to */
  function travel(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(mask);
    mask = state;
    keep();
    speak(caption.textContent ?? "");
  }

  const label = () => (model.get("tool") === "eraser" ? 0 : model.get("label"));

  /** @param {number} x @param {number} y */
  function dab(x, y) {
    const r = model.get("size");
    for (let row = Math.max(0, Math.ceil(y - r)); row <= Math.min(height - 1, y + r); row += 1) {
      for (let column = Math.max(0, Math.ceil(x - r)); column <= Math.min(width - 1, x + r); column += 1) {
        if (Math.hypot(row - y, column - x) <= r) mask[row * width + column] = label();
      }
    }
  }

  /** Without gaps, however fast the pointer is. @param {number} x @param {number} y */
  function strokeTo(x, y) {
    const [fromX, fromY] = last ?? [x, y];
    const count = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / Math.max(1, model.get("size") / 2)));
    for (let k = 1; k <= count; k += 1) dab(fromX + ((x - fromX) * k) / count, fromY + ((y - fromY) * k) / count);
    last = [x, y];
    tint();
  }

  /** @param {number} x @param {number} y */
  function fill(x, y) {
    if (!image) return;
    const pixels = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d")).getImageData(0, 0, width, height).data;
    const start = Math.round(y) * width + Math.round(x);
    change(() => {
      for (const k of connected(mask, pixels, width, start, model.get("alike"))) mask[k] = label();
    });
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  function pixelAt(x, y) {
    if (!image) return [0, 0];
    const box = fitted(image.width, image.height, stage.canvas.clientWidth, stage.canvas.clientHeight);
    const scale = image.width / box.width;
    return [within((x - box.x) * scale - 0.5, 0, width - 1), within((y - box.y) * scale - 0.5, 0, height - 1)];
  }

  pointing(stage.canvas, {
    over: (x, y) => {
      cursor = pixelAt(x, y);
      stage.redraw();
    },
    down: (x, y) => {
      if (!width) return;
      cursor = pixelAt(x, y);
      last = null;
      if (model.get("tool") === "fill") fill(...cursor);
      else {
        begin();
        strokeTo(...cursor);
      }
    },
    drag: (x, y) => {
      cursor = pixelAt(x, y);
      if (width && model.get("tool") !== "fill") strokeTo(...cursor);
    },
    up: () => {
      if (width && model.get("tool") !== "fill") keep();
      last = null;
    },
    out: () => {
      cursor = null;
      stage.redraw();
    },
    key: (key, event) => {
      if (!width) return false;
      const step = arrow(event);
      cursor ??= [width / 2, height / 2];
      if (step) {
        cursor = [within(cursor[0] + 2 * step[0], 0, width - 1), within(cursor[1] + 2 * step[1], 0, height - 1)];
        speak(`${Math.round(cursor[0])} from the left, ${Math.round(cursor[1])} from the top`);
      } else if (key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
        if (event.shiftKey) travel(future, past);
        else travel(past, future);
      } else if (key === " ") {
        const [x, y] = cursor;
        if (model.get("tool") === "fill") fill(x, y);
        else change(() => dab(x, y));
        speak(caption.textContent ?? "");
      } else if ("bef".includes(key)) host.set({ tool: { b: "brush", e: "eraser", f: "fill" }[key] });
      else if (key === "[" || key === "]") host.set({ size: within(model.get("size") + (key === "]" ? 2 : -2), 1, 60) });
      else if (Number(key) >= 1 && Number(key) <= model.get("labels")) host.set({ label: Number(key) });
      else return false;
      stage.redraw();
      return true;
    },
  });

  function askAll() {
    forPicture(host.picture("picture"), (found) => {
      image = found;
      if (found) [width, height] = [found.width, found.height];
      forMask(host.numbers("mask"), ({ values }) => {
        mask = values.length === width * height ? Uint8Array.from(values) : new Uint8Array(width * height);
        [past, future] = [[], []];
        tint();
        showState();
        el.dataset.shown = "yes";
      });
    });
  }

  for (const name of ["tool", "label", "size", "alike", "name"]) host.on(`change:${name}`, showState);
  host.on("change:version", askAll);
  showState();
  askAll();
  return () => {
    host.close();
    stage.close();
  };
}

export default { render };

/**
 * Before and after at the same place: a curtain to slide, a lens that shows both enlarged, and the steps of a run.
 *
 * State: `mode` ("after", "curtain" or "lens"), `x` and `y` (of curtain and lens, shares of the picture), `steps` (what
 * each kept picture is called, in order), `step` (which of them is shown; -1 is the newest), `before` and `after` (what
 * the two are called), `height` (in CSS pixels), `alt` (a description for those who cannot see it), `version` (of the
 * newest picture), `originals` (raised when the picture before is replaced).
 * Asked: "picture" { which: "before" }, "picture" { which: "after", step } → a picture, or no buffer where there is none.
 */

import { arrow, choices, fitted, make, opened, pointing, surface, within } from "./canvas.js";
import { Host, newest } from "./protocol.js";

const KEPT = 40; // pictures
const LENS = 74; // radius in CSS pixels
const ENLARGED = 2.5;

/** @param {string} word */
const capital = (word) => word.slice(0, 1).toUpperCase() + word.slice(1);

/** @param {import("./protocol.js").Context} context */
function render({ model, el }) {
  const { say, speak } = opened(el);
  el.classList.add("st-compare");
  const host = new Host(model, say);
  const [forBefore, forAfter] = [newest(), newest()];
  /** @type {HTMLCanvasElement | null} */
  let before = null;
  /** @type {HTMLCanvasElement | null} */
  let after = null;
  /** @type {Map<number, HTMLCanvasElement | null>} */
  const kept = new Map();

  const modes = choices("what is shown", [
    ["after", capital(model.get("after")), "alone, without the picture before"],
    ["curtain", "Curtain", "slide between before and after: drag, or use the arrow keys"],
    ["lens", "Lens", "both at the same place, enlarged: move over the picture, or use the arrow keys"],
  ], (value) => host.set({ mode: value }));
  const stage = surface({ name: model.get("alt"), height: model.get("height"), share: 75, draw });
  const scrubber = make("input", { type: "range", min: 0, max: 1, step: 1, style: "width: 130px", "aria-label": "step of the run", oninput: () => {
    const last = model.get("steps").length - 1;
    const chosen = Number(scrubber.value);
    host.set({ step: chosen >= last ? -1 : chosen });
  } });
  const told = make("output");
  const play = make("button", { type: "button", title: "show all steps, one after another", onclick: () => (playing ? stop() : start()) }, "Play");
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let playing;
  el.prepend(
    make("div", { class: "st-row" }, modes.box),
    make("figure", {}, stage.canvas),
    make("div", { class: "st-row st-scrubber" }, make("label", {}, "steps", scrubber), play, told),
  );

  /** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height */
  function draw(pen, width, height) {
    const shown = after ?? before;
    if (!shown) return;
    const box = fitted(shown.width, shown.height, width, height);
    pen.imageSmoothingQuality = "high";
    if (after) pen.drawImage(after, box.x, box.y, box.width, box.height);
    const mode = model.get("mode");
    if (!before || mode === "after") return;
    const [x, y] = [box.x + model.get("x") * box.width, box.y + model.get("y") * box.height];
    if (mode === "curtain") {
      pen.save();
      pen.beginPath();
      pen.rect(box.x, box.y, x - box.x, box.height);
      pen.clip();
      pen.drawImage(before, box.x, box.y, box.width, box.height);
      pen.restore();
      pen.fillStyle = "rgba(0, 0, 0, 0.6)";
      pen.fillRect(x - 2, box.y, 4, box.height);
      pen.fillStyle = "#fff";
      pen.fillRect(x - 1, box.y, 2, box.height);
      handle(pen, x, box.y + box.height / 2);
      label(pen, model.get("before"), box.x + 8, box.y + 8, "left", x - box.x - 16);
      label(pen, model.get("after"), box.x + box.width - 8, box.y + 8, "right", box.x + box.width - x - 16);
      return;
    }
    // Two lenses side by side, wholly on the picture; the small ring marks the place that both show.
    const r = Math.min(LENS, box.width / 4 - 4, box.height / 2 - 4);
    const place = [model.get("x"), model.get("y")];
    const middle = within(x, box.x + 2 * r + 2, box.x + box.width - 2 * r - 2);
    const above = y - r - 26;
    const level = within(above - r < box.y ? y + r + 26 : above, box.y + r + 2, box.y + box.height - r - 2);
    ring(pen, x, y, (r / ENLARGED) | 0);
    lens(pen, before, middle - r - 2, level, r, place, box, model.get("before"));
    if (after) lens(pen, after, middle + r + 2, level, r, place, box, model.get("after"));
  }

  /** @param {CanvasRenderingContext2D} pen @param {HTMLCanvasElement} image @param {number} x @param {number} y @param {number} r
   * @param {number[]} place @param {import("./canvas.js").Box} box @param {string} name */
  function lens(pen, image, x, y, r, place, box, name) {
    const [w, h] = [box.width * ENLARGED, box.height * ENLARGED];
    pen.save();
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.clip();
    pen.fillStyle = "#777";
    pen.fillRect(x - r, y - r, 2 * r, 2 * r);
    pen.drawImage(image, x - place[0] * w, y - place[1] * h, w, h);
    pen.restore();
    ring(pen, x, y, r);
    label(pen, name, x, y + r - 24, "center", 1.8 * r);
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r */
  function ring(pen, x, y, r) {
    for (const [ink, wide] of /** @type {[string, number][]} */ ([["rgba(0, 0, 0, 0.75)", 4], ["#fff", 1.75]])) {
      pen.beginPath();
      pen.arc(x, y, r, 0, 2 * Math.PI);
      [pen.strokeStyle, pen.lineWidth] = [ink, wide];
      pen.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y */
  function handle(pen, x, y) {
    pen.fillStyle = "rgba(0, 0, 0, 0.65)";
    pen.beginPath();
    pen.arc(x, y, 14, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = "#fff";
    for (const side of [-1, 1]) {
      pen.beginPath();
      pen.moveTo(x + side * 9, y);
      pen.lineTo(x + side * 3.5, y - 5);
      pen.lineTo(x + side * 3.5, y + 5);
      pen.fill();
    }
  }

  /** A word on a dark ground, left out where there is no room. @param {CanvasRenderingContext2D} pen @param {string} text
   * @param {number} x @param {number} y @param {CanvasTextAlign} align @param {number} room */
  function label(pen, text, x, y, align, room) {
    pen.font = "12px system-ui, sans-serif";
    const wide = pen.measureText(text).width + 12;
    if (!text || wide > room) return;
    const left = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
    pen.fillStyle = "rgba(0, 0, 0, 0.65)";
    pen.beginPath();
    pen.roundRect(left, y, wide, 20, 4);
    pen.fill();
    pen.fillStyle = "#fff";
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(text, left + 6, y + 10.5);
  }

  /** @param {number} x @param {number} y */
  function place(x, y) {
    const shown = after ?? before;
    if (!shown) return;
    const box = fitted(shown.width, shown.height, stage.canvas.clientWidth, stage.canvas.clientHeight);
    moved = { x: within((x - box.x) / box.width, 0, 1), y: within((y - box.y) / box.height, 0, 1) };
    for (const [name, value] of Object.entries(moved)) model.set(name, value);
    stage.redraw();
  }
  /** @type {{ x: number, y: number } | null} */
  let moved = null; // told to the host when the pointer is released or leaves, not at each pixel
  const rested = () => {
    if (moved) host.set(moved);
    moved = null;
  };
  pointing(stage.canvas, {
    over: (x, y) => {
      if (model.get("mode") === "lens") place(x, y);
    },
    down: (x, y) => {
      if (model.get("mode") === "after") model.set("mode", "curtain");
      place(x, y);
    },
    drag: place,
    up: rested,
    out: rested,
    key: (_, event) => {
      const step = arrow(event);
      if (!step || model.get("mode") === "after") return false;
      host.set({ x: within(model.get("x") + 0.02 * step[0], 0, 1), y: within(model.get("y") + 0.02 * step[1], 0, 1) });
      speak(`${Math.round(100 * model.get("x"))} % from the left, ${Math.round(100 * model.get("y"))} % from the top`);
      return true;
    },
  });

  function start() {
    let at = 0;
    play.textContent = "Pause";
    playing = setInterval(() => {
      const last = model.get("steps").length - 1;
      host.set({ step: at >= last ? -1 : at });
      if ((at += 1) > last) stop();
    }, 150);
  }

  function stop() {
    clearInterval(playing);
    playing = undefined;
    play.textContent = "Play";
  }

  function showState() {
    const mode = model.get("mode");
    modes.press(mode);
    stage.canvas.style.cursor = mode === "lens" ? "none" : mode === "curtain" ? "ew-resize" : "pointer";
    stage.name(`${model.get("alt")}${mode === "after" ? "" : `; ${mode}, arrow keys move it`}`);
    const steps = model.get("steps");
    const few = steps.length < 2;
    scrubber.disabled = play.disabled = few;
    /** @type {HTMLElement} */ (el.querySelector(".st-scrubber")).style.visibility = few ? "hidden" : ""; // keeps its space
    scrubber.max = String(Math.max(1, steps.length - 1));
    const at = model.get("step") < 0 ? steps.length - 1 : model.get("step");
    scrubber.value = String(Math.max(0, at));
    told.textContent = few ? "" : `${steps[at] ?? ""}, ${at + 1} of ${steps.length}`;
    scrubber.setAttribute("aria-valuetext", told.textContent);
    stage.redraw();
  }

  function askAfter() {
    const step = model.get("step");
    const there = step >= 0 && kept.has(step) ? Promise.resolve(kept.get(step) ?? null) : host.picture("picture", { which: "after", step });
    forAfter(there, (found) => {
      if (step >= 0) kept.set(step, found);
      while (kept.size > KEPT) kept.delete(/** @type {number} */ (kept.keys().next().value));
      after = found;
      el.dataset.shown = `${step}`;
      showState();
    });
  }

  function askBefore() {
    forBefore(host.picture("picture", { which: "before" }), (found) => {
      before = found;
      showState();
    });
  }

  for (const name of ["mode", "x", "y", "alt"]) host.on(`change:${name}`, showState);
  host.on("change:steps", () => {
    kept.clear(); // the bound may have thinned them out, so that their places have changed
    showState();
  });
  host.on("change:step", () => {
    showState();
    askAfter();
  });
  host.on("change:originals", askBefore);
  host.on("change:version", askAfter);
  showState();
  askBefore();
  askAfter();
  return () => {
    stop();
    host.close();
    stage.close();
  };
}

export default { render };

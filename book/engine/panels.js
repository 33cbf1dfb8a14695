// Panels in a page: each `<div class="styletools-panel" data-panel="content | style | transfer | features | gram">` gets
// one; what is in a panel of any other kind stays. Until Start is pressed a panel is a form and a picture; the engine is fetched by the first that is started.

import { Curve } from "./curve.js";
import { Engine, unsupported } from "./engine.js";
import { button, element } from "./elements.js";
import { EXPLORERS, Explorer } from "./explorer.js";
import { Form } from "./form.js";
import { decode, save, show, toCanvas } from "./pictures.js";
import { toBytes } from "./resize.js";
import { Run } from "./run.js";
import { follow, viewed } from "./view.js";

const TITLES = {
  content: "What a layer keeps of the content",
  style: "A texture in a painting's style",
  transfer: "The content of one picture in the style of another",
};
const WIDTH = 960; // of the canvas: sharp at 480 CSS pixels on most screens

/** One panel. */
export class Panel {
  /**
   * @param {HTMLElement} host
   * @param {any} index engine.json
   * @param {Engine} engine shared by all panels of the page
   * @param {(file: string) => Promise<Blob>} open a file of the engine
   */
  constructor(host, index, engine, open) {
    this.host = host;
    this.index = index;
    this.engine = engine;
    this.open = open;
    this.kind = /** @type {"content" | "style" | "transfer"} */ (host.dataset.panel ?? "transfer");
    /** @type {import("./engine.js").Raw | null} */
    this.made = null;
    /** @type {AbortController | null} */
    this.running = null;
    this.form = new Form(this.kind, host.dataset, index, open, (text) => this.say(text));
    this.stage = element("div");
    this.canvas = element("canvas", { width: WIDTH, height: (WIDTH * 2) / 3, role: "img", className: "st-picture" });
    this.curve = new Curve();
    this.startButton = button("Start", () => this.start(), { className: "st-start" });
    this.stopButton = button("Stop", () => this.stop(), { disabled: true });
    this.saveButton = button("Save PNG", () => this.made && save(this.made, `${this.kind}.png`), { disabled: true });
    this.progress = element("progress", { max: 1, value: 0, "aria-label": "Progress" });
    this.detail = element("p", { className: "st-detail" });
    this.status = element("p", { className: "st-status", role: "status", "aria-live": "polite" });
    this.stage.append(this.canvas);
    this.#build();
  }

  /** Say something to everybody, users of screen readers included. @param {string} text */
  say(text) {
    this.status.textContent = text;
  }

  #build() {
    const megabytes = Math.round(this.index.download / 1e6);
    const where = this.engine.inline ? "The engine is inside this page." : `Start fetches the engine from this site, once: ${megabytes} MB.`;
    const note = this.index.note ? ` ${this.index.note}` : "";
    const left = element(
      "div",
      { className: "st-left" },
      this.form.element,
      element("div", { className: "st-buttons" }, this.startButton, this.stopButton, this.saveButton),
      element("p", { className: "st-note" }, `Everything is computed in this page; nothing leaves your machine. ${where}${note}`),
    );
    const right = element("div", { className: "st-right" }, this.stage, this.progress, this.detail, this.status, this.curve.svg, this.curve.legend);
    const title = element("p", { className: "st-title" }, this.host.dataset.title ?? TITLES[this.kind]);
    this.host.replaceChildren(title, element("div", { className: "st-columns" }, left, right));
    this.host.setAttribute("role", "group");
    this.host.setAttribute("aria-label", title.textContent ?? "");
    const why = unsupported();
    if (why) {
      this.startButton.disabled = true;
      this.say(why);
    }
  }

  /** Show the pictures that are chosen, and a poster where the result will be. */
  async look() {
    await this.form.look();
    const { poster } = this.host.dataset;
    const blob = poster ? await fetch(poster).then((found) => (found.ok ? found.blob() : null)).catch(() => null) : null;
    const raw = blob ? await decode(blob, "poster").catch(() => null) : await (this.form.content ?? this.form.style)?.picture();
    if (!raw || this.running || this.made) return;
    show(this.canvas, toCanvas(raw));
    this.canvas.setAttribute("aria-label", blob ? "An example of what is made here" : "The picture that is chosen");
    this.detail.textContent = blob ? "An example. Press Start to make one here." : "Press Start: the picture will appear here.";
  }

  /** Run what is chosen. */
  async start() {
    if (this.running) return;
    const running = (this.running = new AbortController());
    this.#buttons();
    const began = performance.now();
    try {
      const job = await this.form.job();
      this.say("Starting the engine…");
      this.progress.value = 0;
      this.fresh = true;
      this.stage.replaceChildren(this.canvas);
      const run = new Run(/** @type {import("./engine.js").Raw} */ (job.pictures.content ?? job.pictures.style));
      const made = await this.engine.synthesise(job, {
        signal: running.signal,
        onBytes: (loaded, total) => this.#bytes(loaded, total),
        onStep: (step) => {
          this.#step(step);
          run.keep(step);
        },
      });
      this.made = { rgba: toBytes(made), height: made.height, width: made.width };
      show(this.canvas, toCanvas(this.made));
      const alt = `The picture that was made, ${made.width} × ${made.height} pixels`;
      const model = run.model(this.made, job.pictures.content ? "photograph" : "painting", alt);
      this.stage.replaceChildren(await viewed("compare", model, this.open).catch(() => this.canvas)); // the picture alone
      const seconds = Math.round((performance.now() - began) / 1000);
      this.progress.value = 1;
      this.detail.textContent = "";
      this.say(`${made.stopped ? "Stopped" : "Finished"} after ${made.steps} steps in ${seconds} s: ${made.width} × ${made.height} pixels.`);
    } catch (error) {
      this.say(String(/** @type {any} */ (error)?.message ?? error));
    }
    this.running = null;
    this.#buttons();
  }

  /** End after the step that is being made. */
  stop() {
    this.running?.abort();
    this.say("Stopping after this step…");
  }

  #buttons() {
    const busy = this.running !== null;
    this.startButton.disabled = busy;
    this.stopButton.disabled = !busy;
    this.saveButton.disabled = busy || !this.made;
    this.host.toggleAttribute("data-running", busy);
  }

  /** @param {number} loaded @param {number} total */
  #bytes(loaded, total) {
    this.progress.value = loaded / total;
    this.detail.textContent = `Engine: ${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`;
    if (loaded >= total) this.say("Preparing…");
  }

  /** @param {import("./engine.js").Step} step */
  #step(step) {
    if (this.fresh) {
      this.fresh = false;
      this.began = performance.now();
      this.before = step.progress;
      this.curve.clear(step.steps);
      if (!this.running?.signal.aborted) this.say("Computing.");
    }
    show(this.canvas, toCanvas(step));
    this.canvas.setAttribute("aria-label", `The picture after step ${step.number}`);
    this.curve.add(step.total, step.terms);
    this.progress.value = step.progress;
    const done = step.progress - (this.before ?? 0);
    const seconds = done > 0 ? ((performance.now() - (this.began ?? 0)) / 1000 / done) * (1 - step.progress) : NaN;
    const left = Number.isNaN(seconds) ? "" : `, ${Math.ceil(seconds)} s left`;
    this.detail.textContent = `Step ${step.number} of ${step.steps}, ${step.width} × ${step.height} px${left}`;
  }
}

/** @param {string} file @param {Engine} engine */
async function fetched(file, engine) {
  const response = await fetch(new URL(file, engine.place.base)).catch(() => null);
  if (!response?.ok) throw new Error(`Cannot fetch ${file}.`);
  return response.blob();
}

/**
 * Mount all panels of a page, each when it comes near the window.
 *
 * @param {object} [options]
 * @param {Engine} [options.engine]
 * @param {(file: string) => Promise<Blob>} [options.open] a file of the engine, for a page that has them inside
 * @param {ParentNode} [options.root]
 */
export function mount({ engine = new Engine(), open = (file) => fetched(file, engine), root = document } = {}) {
  /** @type {Map<string, Promise<Blob>>} */
  const opened = new Map();
  const once = (/** @type {string} */ file) => {
    const found = opened.get(file) ?? open(file);
    opened.set(file, found);
    found.catch(() => opened.delete(file));
    return found;
  };
  /** @type {Promise<any> | null} */
  let index = null;
  const begin = async (/** @type {HTMLElement} */ host) => {
    index ??= open("engine.json").then(async (blob) => JSON.parse(await blob.text()));
    try {
      const Kind = Object.hasOwn(EXPLORERS, host.dataset.panel ?? "") ? Explorer : Panel;
      await new Kind(host, await index, engine, once).look();
    } catch (error) {
      index = null;
      host.append(element("p", { role: "status" }, `This panel cannot start: ${/** @type {Error} */ (error).message}`));
    }
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        begin(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: "600px" },
  );
  for (const host of root.querySelectorAll(".styletools-panel")) {
    const { panel = "" } = /** @type {HTMLElement} */ (host).dataset;
    if (Object.hasOwn(TITLES, panel) || Object.hasOwn(EXPLORERS, panel)) observer.observe(host);
  }
  follow();
  return engine;
}

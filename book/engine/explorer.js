// The explorers of features and of Gram matrices: the views of the notebooks' panels, answered by the engine.

import { element, button } from "./elements.js";
import { unsupported } from "./engine.js";
import { Choice } from "./form.js";
import { Model, array, picture } from "./host.js";
import { show, toCanvas } from "./pictures.js";
import { closest } from "./reading.js";
import { read, toBytes } from "./resize.js";
import { fit } from "./stages.js";
import { Store } from "./store.js";
import { VARIATIONS, framed } from "./variations.js";
import { viewed } from "./view.js";

/** @typedef {import("./store.js").Named} Named */

const SIZE = 192; // longer side in pixels, as in the notebooks
const WIDTH = 640; // of the cover
/** @type {Record<string, { title: string, first: string, about: string }>} */
export const EXPLORERS = {
  features: {
    ...{ title: "What each filter of a layer sees", first: "photograph" },
    about: "Press Start, then move over the picture to see a bar for each filter, the square that it sees, and where it fires.",
  },
  gram: {
    ...{ title: "The Gram matrix by hand", first: "painting" },
    about: "Press Start, then point at an entry, brush a region of the picture, or change the whole of it.",
  },
};

/** One explorer. */
export class Explorer {
  /**
   * @param {HTMLElement} host
   * @param {any} index engine.json
   * @param {import("./engine.js").Engine} engine shared by all panels of the page
   * @param {(file: string) => Promise<Blob>} open a file of the engine
   */
  constructor(host, index, engine, open) {
    this.host = host;
    this.index = index;
    this.engine = engine;
    this.open = open;
    this.kind = /** @type {"features" | "gram"} */ (host.dataset.panel);
    const { title, first, about } = EXPLORERS[this.kind];
    const say = (/** @type {string} */ text) => this.say(text);
    const name = host.dataset.content ?? host.dataset.style ?? { photograph: "chelsea", painting: "starry_night" }[first] ?? "";
    this.choices = [new Choice("Picture", index, first, name, open, say)];
    if (this.kind === "gram") this.choices.push(new Choice("Compare with", index, first, host.dataset.second ?? name, open, say));
    this.startButton = button("Start", () => this.start(), { className: "st-start" });
    this.progress = element("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress" });
    this.status = element("p", { className: "st-status", role: "status", "aria-live": "polite" });
    this.cover = element("canvas", { width: WIDTH, height: (WIDTH * 2) / 3, role: "img", className: "st-picture" });
    this.stage = element("div", { className: "st-stage" }, this.cover);
    this.note = element("p", { className: "st-note" }, `${about} ${this.#where()}`);
    /** @type {Model | null} */
    this.model = null;
    /** @type {Named[]} */
    this.named = [];
    this.crops = 0;
    this.running = false;
    const heading = element("p", { className: "st-title" }, host.dataset.title ?? title);
    const fields = element("div", { className: "st-fields" }, ...this.choices.map((choice) => choice.field));
    this.buttons = element("div", { className: "st-buttons" }, this.startButton);
    const left = element("div", { className: "st-left" }, fields, this.buttons, this.note, this.progress, this.status);
    this.columns = element("div", { className: "st-columns st-explorer" }, left, this.stage);
    host.replaceChildren(heading, this.columns);
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", heading.textContent ?? "");
    for (const choice of this.choices) choice.changed = () => this.#changed();
    const why = unsupported();
    if (why) {
      this.startButton.disabled = true;
      this.say(why);
    }
  }

  /** Say something to everybody, users of screen readers included. @param {string} text */
  say(text) {
    this.status.textContent = text;
  }

  #where() {
    const megabytes = Math.round(this.index.download / 1e6);
    const where = this.engine.inline ? "The engine is inside this page." : `Start fetches the engine from this site, once: ${megabytes} MB.`;
    return `Everything is computed in this page; nothing leaves your machine. ${where}${this.index.note ? ` ${this.index.note}` : ""}`;
  }

  /** Show the pictures that are chosen. */
  async look() {
    await Promise.all(this.choices.map((choice) => choice.look()));
    if (this.model) return;
    show(this.cover, toCanvas(await this.choices[0].picture()));
    this.cover.setAttribute("aria-label", `The picture that is chosen: ${this.choices[0].title}`);
  }

  /** Fetch the engine, compute the features of the first picture, and show the view. */
  async start() {
    if (this.running) return;
    this.running = this.startButton.disabled = true;
    this.progress.hidden = false;
    this.say("Starting the engine…");
    try {
      const { layers, together, styles, changes } = this.index.explorers;
      const onBytes = (/** @type {number} */ loaded, /** @type {number} */ total) => this.#bytes(loaded, total);
      this.store = new Store(this.engine, this.kind === "gram" ? styles : together, { onBytes });
      this.named = await this.#named();
      const graphs = Object.entries((await this.engine.open()).graphs);
      const there = graphs.flatMap(([graph, about]) => (graph.startsWith("features ") ? about.layers : []));
      const offered = this.kind === "gram" ? styles : layers.map((/** @type {any} */ one) => one.name);
      const known = layers.filter((/** @type {any} */ one) => offered.includes(one.name) && there.includes(one.name));
      const layer = this.host.dataset.layer ?? { features: "conv3_1", gram: "conv2_1" }[this.kind];
      const state = { layers: known, layer };
      await this.store.of(this.named[0], layer);
      this.model =
        this.kind === "gram"
          ? new Model({ ...state, changes, change: changes[0], i: 0, j: 1, ...this.#titles() }, this.#grams())
          : new Model({ ...state, filter: 0, overlay: false, row: 0, column: 0 }, this.#features());
      this.stage.replaceChildren(await viewed(this.kind, this.model, this.open));
      this.columns.classList.add("st-open");
      for (const done of [this.buttons, this.note]) done.remove();
      this.say("");
      if (this.kind === "gram") this.model.on("change:layer", () => this.#pair());
      this.#ahead();
    } catch (error) {
      this.model = null;
      this.startButton.disabled = false;
      this.say(String(/** @type {any} */ (error)?.message ?? error));
    }
    this.progress.hidden = true;
    this.running = false;
  }

  /** Compute the matrices of all layers before they are asked for: sorting the filters of a deep one takes a fifth of a second. */
  async #ahead() {
    if (this.kind !== "gram") return;
    await this.#pair();
    for (const layer of this.index.explorers.styles) await this.store?.gram(this.named[0], layer).catch(() => {}); // reported when asked for
  }

  /** Begin with the two filters of the layer that fire together most. */
  async #pair() {
    const model = /** @type {Model} */ (this.model);
    const found = await this.store?.gram(this.named[0], model.get("layer")).catch(() => null);
    if (!found) return; // reported where it was asked for
    const { i, j } = closest(found.data, found.shape[0]);
    model.set("i", i);
    model.set("j", j);
  }

  #titles() {
    const [first, second = first] = this.choices.map(({ title }) => title.split(",")[0]); // without the year: captions are short
    return { first, second };
  }

  /** The chosen pictures at the size of the explorers, and the keys that they are kept under. @returns {Promise<Named[]>} */
  #named() {
    return Promise.all(
      this.choices.map(async (choice) => {
        const { key } = choice;
        const raw = await choice.picture();
        return { key, picture: read(raw, ...fit(raw.height, raw.width, SIZE)) };
      }),
    );
  }

  async #changed() {
    if (!this.model) {
      await this.look();
      return;
    }
    try {
      this.named = await this.#named();
      for (const [name, title] of Object.entries(this.#titles())) this.model.set(name, title);
      this.model.renew();
      this.#ahead();
    } catch (error) {
      this.say(String(/** @type {any} */ (error)?.message ?? error));
    }
  }

  /** @returns {Record<string, import("./host.js").Asked>} */
  #features() {
    const store = /** @type {Store} */ (this.store);
    return {
      picture: () => raster(this.named[0].picture),
      layer: async ({ layer }) => plain(await store.of(this.named[0], layer), { layer }),
    };
  }

  /** @returns {Record<string, import("./host.js").Asked>} */
  #grams() {
    const store = /** @type {Store} */ (this.store);
    return {
      picture: (asked) => raster(this.#asked(asked).picture),
      layer: async ({ layer }) => plain(await store.of(this.named[0], layer), { layer }),
      gram: async (asked) => {
        if (asked.crop) return this.#cropped(asked);
        const named = this.#asked(asked);
        const [F, { order, ...gram }] = await Promise.all([store.of(named, asked.layer), store.gram(named, asked.layer)]);
        return array(gram, { positions: F.shape[2] * F.shape[3], ...(asked.which === "first" ? { order } : {}) });
      },
    };
  }

  /** A crop changes at each move of the hand: only the newest is computed. @param {Record<string, any>} asked */
  async #cropped(asked) {
    const mine = (this.crops += 1);
    await this.cropping?.catch(() => {});
    if (mine !== this.crops) return { values: { overtaken: true } };
    const computed = /** @type {Store} */ (this.store).passing(this.#asked(asked).picture, asked.layer);
    this.cropping = computed;
    const { gram, positions } = await computed;
    return array(gram, { positions });
  }

  /** The picture that a question is about. @param {Record<string, any>} asked @returns {Named} */
  #asked({ which, change, crop }) {
    const named = this.named[which === "second" ? 1 : 0];
    const vary = Object.hasOwn(VARIATIONS, change) ? VARIATIONS[change] : null;
    const varied = vary ? vary(named.picture) : named.picture;
    if (crop) return { key: "", picture: framed(varied, crop[0], crop[1], crop[2], crop[3]) };
    return { key: vary ? `${named.key}, ${change}` : named.key, picture: varied };
  }

  /** @param {number} loaded @param {number} total */
  #bytes(loaded, total) {
    this.progress.value = loaded / total;
    if (this.model) return;
    this.say(loaded < total ? `Engine: ${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB` : "Computing the features…");
  }
}

/** @param {import("./objective.js").Picture} image */
const raster = (image) => picture({ ...image, rgba: toBytes(image) });

/** F without its first axis. @param {import("./engine.js").Values} values */
const plain = ({ data, shape }, more = {}) => array({ data, shape: shape.slice(1) }, more);

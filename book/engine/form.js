// What can be chosen in a panel, and the job that it makes.

import { checkboxes, element, labelled, select } from "./elements.js";
import { decode, show, toCanvas } from "./pictures.js";

const OWN = "own";
const SIZES = [64, 80, 96, 112, 128, 144, 160, 176, 192];

/** A choice of a picture: one of the package's, or the reader's own file. */
export class Choice {
  /**
   * @param {string} text
   * @param {any} index engine.json
   * @param {string} kind what is listed first
   * @param {string} chosen
   * @param {(name: string) => Promise<Blob>} open
   * @param {(text: string) => void} say
   */
  constructor(text, index, kind, chosen, open, say) {
    const entries = Object.entries(index.pictures);
    const sorted = [...entries.filter(([, p]) => p.kind === kind), ...entries.filter(([, p]) => p.kind !== kind)];
    this.select = select([...sorted.map(([name, p]) => /** @type {[string, string]} */ ([name, p.title]))], chosen);
    this.open = open;
    this.index = index;
    this.preview = element("canvas", { width: 192, height: 128, className: "st-preview", role: "img" });
    const file = element("input", { type: "file", accept: "image/*", className: "st-file" });
    const upload = element("label", { className: "st-upload" }, file, "Your own…");
    this.field = labelled(text, this.select, upload, this.preview);
    this.owned = 0;
    this.changed = () => {}; // replaced by whoever wants to know
    this.select.addEventListener("change", async () => {
      await this.look();
      this.changed();
    });
    file.addEventListener("change", async () => {
      const chosenFile = file.files?.[0];
      file.value = "";
      if (!chosenFile) return;
      try {
        this.own = { raw: await decode(chosenFile, chosenFile.name), name: chosenFile.name };
      } catch (error) {
        say(/** @type {Error} */ (error).message);
        return;
      }
      this.select.querySelector(`[value=${OWN}]`)?.remove();
      this.select.append(element("option", { value: OWN, selected: true }, this.own.name));
      this.owned += 1;
      await this.look();
      this.changed();
      say(`${chosenFile.name} was added. It stays on this machine.`);
    });
  }

  get title() {
    return this.select.selectedOptions[0]?.textContent ?? "";
  }

  /** What distinguishes this picture from all others. */
  get key() {
    return this.select.value === OWN ? `${OWN} ${this.owned} of ${this.select.id}` : this.select.value;
  }

  /** The picture that is chosen. @returns {Promise<import("./engine.js").Raw>} */
  async picture() {
    const name = this.select.value;
    if (name === OWN && this.own) return this.own.raw;
    return decode(await this.open(this.index.pictures[name].file), name);
  }

  /** Show what is chosen. */
  async look() {
    const raw = await this.picture().catch(() => null);
    if (!raw) return;
    show(this.preview, toCanvas(raw));
    this.preview.setAttribute("aria-label", this.title);
  }
}

/** The controls of one panel. */
export class Form {
  /**
   * @param {"content" | "style" | "transfer"} kind
   * @param {DOMStringMap} data attributes of the panel: defaults of this page
   * @param {any} index engine.json
   * @param {(name: string) => Promise<Blob>} open
   * @param {(text: string) => void} say
   */
  constructor(kind, data, index, open, say) {
    const { defaults } = index;
    this.kind = kind;
    this.defaults = defaults.recipes[{ content: "reconstruct_content", style: "reconstruct_style", transfer: "transfer" }[kind]];
    const [P, S] = [data.content ?? "chelsea", data.style ?? "starry_night"];
    this.content = kind === "style" ? null : new Choice("Photograph", index, "photograph", P, open, say);
    this.style = kind === "content" ? null : new Choice("Painting", index, "painting", S, open, say);
    const same = (/** @type {string} */ text) => /** @type {[string, string]} */ ([text, text]);
    this.layer = select(index.content_layers.map(same), data.layer ?? defaults.content_layer);
    this.layers = checkboxes("Style layers", defaults.style_layers, (data.layers ?? defaults.style_layers.join(" ")).split(/[ ,]+/));
    const ratio = Math.log10(Number(data.ratio ?? 1 / (this.defaults.beta ?? 1)));
    this.ratio = element("input", { type: "range", min: "-3", max: "1", step: "any", value: String(ratio) });
    this.ratioText = element("output");
    this.ratio.addEventListener("input", () => this.#sayRatio());
    this.#sayRatio();
    this.size = select(SIZES.map((size) => [String(size), `${size} px`]), data.size ?? "96");
    this.steps = element("input", { type: "number", min: "1", max: "500", value: data.steps ?? "60", inputMode: "numeric" });
    /** @type {[string, string][]} */
    const starts = [["noise", "soft noise"], ["content", "the photograph"], ["style", "the painting"]];
    this.start = select(
      starts.filter(([name]) => name === "noise" || this[/** @type {"content" | "style"} */ (name)]),
      data.start ?? (kind === "transfer" ? "content" : "noise"),
    );
    this.grow = select([["yes", "small first, then larger"], ["no", "one size only"]], data.grow ?? (kind === "style" ? "no" : "yes"));
    const sized = () => (this.grow.disabled = this.start.value !== "noise"); // a picture to start from has its large shapes
    this.start.addEventListener("change", sized);
    sized();
    this.pooling = select([["max", "maximum"], ["avg", "average"]], data.pooling ?? this.defaults.pooling);
    this.statistic = select([["gram", "Gram matrix"], ["mean-deviation", "mean and deviation"]], data.statistic ?? "gram");
    this.optimiser = select([["lbfgs", "L-BFGS"], ["adam", "Adam"]], data.optimiser ?? "lbfgs");
    this.seed = element("input", { type: "number", min: "0", value: data.seed ?? "0", inputMode: "numeric" });
  }

  /** All controls, the rarer ones folded away. */
  get element() {
    const always = [
      ...(this.content ? [this.content.field] : []),
      ...(this.style ? [this.style.field] : []),
      ...(this.content ? [labelled("Content layer", this.layer)] : []),
      ...(this.style ? [this.layers.field] : []),
      ...(this.kind === "transfer" ? [labelled("α/β: photograph against painting", this.ratio, this.ratioText)] : []),
      labelled("Size", this.size),
      labelled("Steps at each size", this.steps),
      labelled("Start from", this.start),
    ];
    const rare = [
      ...(this.kind === "content" ? [] : [labelled("Style is", this.statistic)]),
      labelled("Pooling", this.pooling),
      labelled("Sizes, from noise", this.grow),
      labelled("Optimiser", this.optimiser),
      labelled("Seed of the noise", this.seed),
    ];
    const more = element("details", { className: "st-more" }, element("summary", {}, "More choices"), element("div", { className: "st-fields" }, ...rare));
    return element("div", { className: "st-form" }, element("div", { className: "st-fields" }, ...always), more);
  }

  /** Show the chosen pictures. */
  async look() {
    await Promise.all([this.content?.look(), this.style?.look()]);
  }

  /** What was asked for. @returns {Promise<import("./plan.js").Job>} */
  async job() {
    const layers = this.style ? this.layers.chosen() : [];
    if (this.style && !layers.length) throw new Error("Choose at least one style layer.");
    const whole = (/** @type {HTMLInputElement} */ input, /** @type {string} */ name) => {
      const value = Number(input.value);
      if (!Number.isInteger(value) || input.value === "" || value < Number(input.min) || (input.max && value > Number(input.max))) {
        throw new Error(`${name}: expected a whole number${input.max ? ` from ${input.min} to ${input.max}` : " ≥ 0"}.`);
      }
      return value;
    };
    return {
      content: this.content ? this.layer.value : null,
      style: this.style ? Object.fromEntries(layers.map((layer) => [layer, 1 / layers.length])) : null,
      pictures: { content: await this.content?.picture(), style: await this.style?.picture() },
      statistic: /** @type {any} */ (this.statistic.value),
      ...(this.kind === "transfer" ? { alpha: 1, beta: 10 ** -Number(this.ratio.value) } : {}),
      size: Number(this.size.value),
      steps: whole(this.steps, "Steps"),
      start: /** @type {any} */ (this.start.value),
      coarseToFine: this.grow.value === "yes" && this.start.value === "noise",
      pooling: /** @type {any} */ (this.pooling.value),
      optimiser: /** @type {any} */ (this.optimiser.value),
      seed: whole(this.seed, "Seed"),
    };
  }

  #sayRatio() {
    const value = 10 ** Number(this.ratio.value);
    const text = `${Number(value.toPrecision(2))}`;
    this.ratioText.textContent = `${text} (α = 1, β = ${Number((1 / value).toPrecision(2))})`;
    this.ratio.setAttribute("aria-valuetext", text);
  }
}

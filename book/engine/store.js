// Features of the last pictures, so that looking again costs nothing: one forward pass for a picture, all layers kept.

const KEPT = 3; // pictures; at 192 pixels the layers of one take up to 45 MB
const MATRICES = 24;

/**
 * @typedef {import("./engine.js").Values} Values
 * @typedef {{ key: string, picture: import("./objective.js").Picture }} Named
 * @typedef {Values & { order?: number[] }} Gram
 */

/** @template T @param {Map<string, T>} map @param {string} key @param {number} most @param {() => T} make @returns {T} */
function kept(map, key, most, make) {
  const found = map.get(key) ?? make();
  map.delete(key);
  map.set(key, found);
  while (map.size > most) map.delete(/** @type {string} */ (map.keys().next().value));
  return found;
}

/** What a panel knows of its pictures. */
export class Store {
  /**
   * @param {import("./engine.js").Engine} engine
   * @param {string[]} layers computed together
   * @param {import("./engine.js").Watching} [watching]
   */
  constructor(engine, layers, watching) {
    this.engine = engine;
    this.layers = layers;
    this.watching = watching;
    /** @type {Map<string, Promise<Record<string, Values>>>} */
    this.features = new Map();
    /** @type {Map<string, Promise<Gram>>} */
    this.matrices = new Map();
  }

  /** F of a layer, (1, C, H, W). @param {Named} named @param {string} layer @returns {Promise<Values>} */
  async of(named, layer) {
    const known = this.layers.includes(layer);
    // Layers deeper than most people look get a pass of their own, as they need more weights.
    const found = known ? this.#pass(named, "", this.layers) : this.#pass(named, layer, [layer]);
    return (await found)[layer];
  }

  /** Ĝ of a layer, (C, C), with an order of its filters. @param {Named} named @param {string} layer @returns {Promise<Gram>} */
  gram(named, layer) {
    const key = `${named.key}, ${layer}`;
    const made = kept(this.matrices, key, MATRICES, async () => this.engine.gram(await this.of(named, layer), { ordered: true }));
    made.catch(() => this.matrices.delete(key));
    return made;
  }

  /** Ĝ of what is looked at only once: computed only as deep as that layer, and not kept. @param {Named["picture"]} picture @param {string} layer */
  async passing(picture, layer) {
    const { layers } = await this.engine.features(picture, [layer], this.watching);
    return { gram: await this.engine.gram(layers[layer]), positions: layers[layer].shape[2] * layers[layer].shape[3] };
  }

  /** @param {Named} named @param {string} which @param {string[]} layers */
  #pass({ key, picture }, which, layers) {
    const place = `${key}, ${which}`;
    const made = kept(this.features, place, KEPT, async () => (await this.engine.features(picture, layers, this.watching)).layers);
    made.catch(() => this.features.delete(place)); // the next question tries again
    return made;
  }
}

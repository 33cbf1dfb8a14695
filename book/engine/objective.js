// What a picture is judged by, Eq. 7: an exported graph, its targets from the same graph, the package's relative units.

/**
 * @typedef {{ data: Float32Array, height: number, width: number }} Picture three planes in [0, 1]
 * @typedef {{ name: string, kind: "content" | "style" | "smoothness", layer?: string, filters?: number,
 *             factor: string, targets?: string[], statistics?: string[] }} Term
 * @typedef {{ terms: Term[], statistic: string | null, smallest: number }} About what engine.json says of a step graph
 */

/** The name of the graph that a job needs. @param {Record<string, any>} job @returns {string} */
export function graphOf({ content, style, statistic = "gram", pooling, padding }) {
  if (!style) return `content ${content} ${pooling} ${padding}`;
  if (!content) return `style ${style.at(-1)} ${statistic} ${pooling} ${padding}`;
  return `transfer ${content} ${statistic} ${pooling} ${padding}`;
}

const squares = (/** @type {Float32Array} */ values) => values.reduce((sum, value) => sum + value * value, 0);

/** The value of a term for a picture that has no features at all. @param {About} about @param {Term} term @param {any} target */
function unit(about, term, target) {
  const [first, second] = target.map((/** @type {any} */ tensor) => tensor.data);
  if (term.kind === "content") return squares(first) / 2;
  if (about.statistic === "gram") return squares(first) / (4 * /** @type {number} */ (term.filters) ** 2);
  return squares(first) + second.reduce((/** @type {number} */ sum, /** @type {number} */ s) => sum + (s - 1e-6) ** 2, 0);
}

/** The total loss as a function of the picture, term by term. */
export class Objective {
  /**
   * @param {any} ort the runtime
   * @param {any} session of a step graph
   * @param {About} about
   * @param {{ alpha: number, beta: number, tv: number, layerWeights?: Record<string, number>, relative?: boolean }} weights
   * @param {Record<string, any>} targets tensors by the names of inputs
   */
  constructor(ort, session, about, weights, targets) {
    this.ort = ort;
    this.session = session;
    this.about = about;
    this.targets = targets;
    /** @type {Record<string, number>} */
    this.factors = {};
    for (const term of about.terms) {
      if (term.kind === "smoothness") {
        this.factors[term.name] = weights.tv;
        continue;
      }
      const share = term.kind === "content" ? 1 : (weights.layerWeights ?? {})[term.layer ?? ""] ?? 0;
      const target = (term.targets ?? []).map((name) => targets[name]);
      const by = weights.relative === false ? 1 : unit(about, term, target) || 1;
      this.factors[term.name] = ((term.kind === "content" ? weights.alpha : weights.beta) * share) / by;
    }
  }

  /**
   * Compute the targets with the step graph itself, and set up the objective.
   *
   * @param {any} ort
   * @param {any} session
   * @param {About} about
   * @param {any} weights
   * @param {{ content?: Picture, style?: Picture }} pictures
   */
  static async create(ort, session, about, weights, pictures) {
    /** @type {Record<string, any>} */
    const targets = {};
    for (const kind of /** @type {const} */ (["content", "style"])) {
      const terms = about.terms.filter((term) => term.kind === kind);
      const picture = pictures[kind];
      if (!terms.length) continue;
      if (!picture) throw new Error(`${kind}: expected a picture, got none`);
      const wanted = terms.flatMap((term) => term.statistics ?? []);
      const inputs = terms.flatMap((term) => term.targets ?? []);
      const found = await session.run({ ...nothing(ort, about), image: tensor(ort, picture) }, wanted);
      inputs.forEach((name, i) => (targets[name] = found[wanted[i]]));
    }
    return new Objective(ort, session, about, weights, targets);
  }

  /**
   * The weighted terms, their sum, and its gradient with respect to the picture.
   *
   * @param {Float32Array} image
   * @param {number} height
   * @param {number} width
   */
  async evaluate(image, height, width) {
    /** @type {Record<string, any>} */
    const feed = { ...this.targets, image: tensor(this.ort, { data: image, height, width }) };
    for (const term of this.about.terms) feed[term.factor] = scalar(this.ort, this.factors[term.name]);
    const found = await this.session.run(feed, ["terms", "gradient"]);
    const values = found.terms.data;
    /** @type {Record<string, number>} */
    const terms = {};
    this.about.terms.forEach((term, i) => {
      if (this.factors[term.name]) terms[term.name] = this.factors[term.name] * values[i];
    });
    const total = Object.values(terms).reduce((sum, value) => sum + value, 0);
    return { image, terms, total, gradient: /** @type {Float32Array} */ (found.gradient.data) };
  }
}

/** @param {any} ort @param {Picture} picture */
export function tensor(ort, { data, height, width }) {
  return new ort.Tensor("float32", data, [1, 3, height, width]);
}

/** @param {any} ort @param {number} value */
function scalar(ort, value) {
  return new ort.Tensor("float32", new Float32Array([value]), []);
}

/** Factors and targets of zero, to see a picture's statistics. @param {any} ort @param {About} about */
function nothing(ort, about) {
  /** @type {Record<string, any>} */
  const feed = {};
  for (const term of about.terms) {
    feed[term.factor] = scalar(ort, 0);
    const filters = term.filters ?? 1;
    const second = about.statistic === "gram" ? filters : 1;
    const shape = term.kind === "content" ? [1, filters, 1, 1] : [filters, second];
    for (const name of term.targets ?? []) {
      feed[name] = new ort.Tensor("float32", new Float32Array(shape.reduce((a, b) => a * b)), shape);
    }
  }
  return feed;
}

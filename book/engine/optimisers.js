// Two ways to go downhill with the pixels kept in [0, 1], as in `styletools/descent/optimisers.py`.

import { Spectrum } from "./spectrum.js";

/**
 * What is known at one picture.
 *
 * @typedef {{ image: Float32Array, terms: Record<string, number>, total: number, gradient: Float32Array }} Evaluation
 * @typedef {(image: Float32Array) => Promise<Evaluation>} Evaluate
 * @typedef {{ at: Evaluation, begin(): Promise<void>, step(): Promise<Evaluation> }} Optimiser
 */

const FIRST_MOVE = 0.1;
const FLATTER = 2;
const ARMIJO = 1e-4;
const TRIALS = 20;
const PAIRS = 20;

/** The loss is NaN or infinite wherever the optimiser looked. */
export class NotFinite extends Error {}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** y += alpha x @param {Float32Array} y @param {number} alpha @param {Float32Array} x */
function add(y, alpha, x) {
  for (let i = 0; i < y.length; i++) y[i] += alpha * x[i];
}

const clamped = (/** @type {number} */ value) => Math.min(1, Math.max(0, value));

/** @param {Evaluation} evaluation */
function finite({ total, gradient }) {
  return Number.isFinite(total) && Number.isFinite(gradient.reduce((sum, value) => sum + value, 0));
}

/** Limited-memory BFGS with the bounds 0 ≤ x ≤ 1; a trial point is projected into the box before it is evaluated. */
export class LBFGS {
  /**
   * @param {Evaluate} evaluate
   * @param {Float32Array} start values in [0, 1], three planes
   * @param {number} height
   * @param {number} width
   */
  constructor(evaluate, start, height, width) {
    this.evaluate = evaluate;
    this.start = start;
    this.spectrum = new Spectrum(height, width);
    /** @type {{ s: Float32Array, y: Float32Array, sy: number }[]} */
    this.pairs = [];
    /** @type {Evaluation} */
    this.at = /** @type {any} */ (null);
  }

  /** Evaluate the start. */
  async begin() {
    this.at = await this.evaluate(this.start);
    if (!finite(this.at)) throw new NotFinite();
  }

  /** Take one step; stay where no step goes downhill any more. */
  async step() {
    let after = await this.#search(this.#direction());
    if (after === null && this.pairs.length) {
      this.pairs = []; // the curvature misleads: once more, straight downhill
      after = await this.#search(this.#direction());
    }
    if (after !== null) {
      this.#remember(after);
      this.at = after;
    }
    return this.at;
  }

  /** Set to 0 what belongs to a pixel at a bound that would leave the box. @param {Float32Array} values */
  #free(values) {
    const { image: x, gradient: g } = this.at;
    for (let i = 0; i < x.length; i++) if ((x[i] <= 0 && g[i] > 0) || (x[i] >= 1 && g[i] < 0)) values[i] = 0;
    return values;
  }

  /** −H g by the two loops of L-BFGS. @returns {Float32Array} */
  #direction() {
    let q = this.#free(this.at.gradient.slice());
    const last = this.pairs.at(-1);
    if (!last) {
      q = this.#free(this.spectrum.scale(q));
      const fastest = q.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
      return q.map((value) => (-value * FIRST_MOVE) / fastest);
    }
    const alphas = [];
    for (const { s, y, sy } of this.pairs.toReversed()) {
      const alpha = dot(s, q) / sy;
      add(q, -alpha, y);
      alphas.push(alpha);
    }
    const scale = (FLATTER * last.sy) / dot(last.y, this.spectrum.scale(last.y));
    q = this.spectrum.scale(q).map((value) => value * scale);
    for (const { s, y, sy } of this.pairs) add(q, /** @type {number} */ (alphas.pop()) - dot(y, q) / sy, s);
    const direction = this.#free(q.map((value) => -value));
    if (dot(direction, this.at.gradient) < 0) return direction;
    this.pairs = []; // not downhill: the free pixels have changed too much
    return this.#direction();
  }

  /** Shorten the step until the loss goes down enough. @param {Float32Array} direction */
  async #search(direction) {
    const here = this.at;
    let [length, tried, good] = [1, 0, 0];
    for (let i = 0; i < TRIALS; i++) {
      const image = here.image.map((x, k) => clamped(x + length * direction[k]));
      let predicted = 0;
      for (let k = 0; k < image.length; k++) predicted += here.gradient[k] * (image[k] - here.image[k]);
      if (predicted >= 0) break; // nothing left to gain in this direction
      const trial = await this.evaluate(image);
      const fine = finite(trial);
      tried += 1;
      good += Number(fine);
      if (fine && trial.total <= here.total + ARMIJO * predicted) return trial;
      length *= shorter(here.total, trial.total, predicted);
    }
    if (tried && !good) throw new NotFinite();
    return null;
  }

  /** @param {Evaluation} after */
  #remember(after) {
    const s = after.image.map((value, i) => value - this.at.image[i]);
    const y = after.gradient.map((value, i) => value - this.at.gradient[i]);
    const sy = dot(s, y);
    if (!(sy > 1e-10 * Math.sqrt(dot(s, s)) * Math.sqrt(dot(y, y)))) return; // positive curvature only
    this.pairs.push({ s, y, sy });
    if (this.pairs.length > PAIRS) this.pairs.shift();
    this.spectrum.learn(s, y, sy);
  }
}

/** The factor for the next trial: to the lowest point of the parabola through what is known, within bounds. */
function shorter(/** @type {number} */ before, /** @type {number} */ after, /** @type {number} */ predicted) {
  const excess = after - before - predicted;
  if (!(excess > 0 && excess < Infinity)) return 0.1;
  return Math.min(0.5, Math.max(0.1, -predicted / (2 * excess)));
}

/** Adam with every step projected into 0 ≤ x ≤ 1. */
export class Adam {
  /** @param {Evaluate} evaluate @param {Float32Array} start */
  constructor(evaluate, start, rate = 0.03) {
    this.evaluate = evaluate;
    this.start = start;
    this.rate = rate;
    this.count = 0;
    this.mean = new Float32Array(start.length);
    this.square = new Float32Array(start.length);
    /** @type {Evaluation} */
    this.at = /** @type {any} */ (null);
  }

  /** Evaluate the start. */
  async begin() {
    this.at = await this.evaluate(this.start);
    if (!finite(this.at)) throw new NotFinite();
  }

  /** Take one step, downhill or not. */
  async step() {
    const { mean, square } = this;
    const g = this.at.gradient;
    const [first, second] = [1 - 0.9 ** (this.count + 1), 1 - 0.999 ** (this.count + 1)];
    const image = this.at.image.map((x, i) => {
      mean[i] += 0.1 * (g[i] - mean[i]);
      square[i] += 0.001 * (g[i] * g[i] - square[i]);
      return clamped(x - (this.rate * (mean[i] / first)) / (Math.sqrt(square[i] / second) + 1e-8));
    });
    const after = await this.evaluate(image);
    if (!finite(after)) throw new NotFinite();
    this.count += 1;
    this.at = after;
    return after;
  }
}

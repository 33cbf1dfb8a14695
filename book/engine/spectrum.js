// How curved a loss is at each frequency and colour, measured along the path: `styletools/descent/spectrum.py`.

import { Fourier } from "./fft.js";

const BANDS = 16;
const LIMIT = 30;
const FORGET = 0.9;
const TINY = 1.1754943508222875e-38; // of float32
// Grey, and two directions of colour at right angles to it.
const COLOURS = [
  [3 ** -0.5, 3 ** -0.5, 3 ** -0.5],
  [2 ** -0.5, 0, -(2 ** -0.5)],
  [6 ** -0.5, -2 * 6 ** -0.5, 6 ** -0.5],
];

/** Scales a gradient band by band, with the root of Σ s·s / Σ s·y over the band, relative to the mean. */
export class Spectrum {
  /** @param {number} height @param {number} width */
  constructor(height, width) {
    this.size = height * width;
    this.fourier = new Fourier(height, width);
    const lowest = Math.log10(1 / 128);
    const highest = Math.log10(Math.SQRT1_2);
    const edges = Array.from({ length: BANDS - 2 }, (_, i) =>
      Math.fround(10 ** (lowest + ((highest - lowest) * i) / (BANDS - 2))),
    );
    this.band = new Uint8Array(this.size);
    const natural = new Float64Array(this.size);
    const cycles = (/** @type {number} */ i, /** @type {number} */ n) => (i < (n + 1) / 2 ? i : i - n) / n;
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const frequency = Math.fround(Math.hypot(cycles(y, height), cycles(x, width)));
        const first = edges.findIndex((edge) => frequency <= edge);
        this.band[at] = first < 0 ? edges.length : first;
        natural[at] = Math.max(frequency, 1 / Math.max(height, width)) ** -0.5;
      }
    }
    this.factors = [natural, natural, natural];
    this.ss = new Float64Array(3 * BANDS);
    this.sy = new Float64Array(3 * BANDS);
  }

  /**
   * Learn from a step and the change of the gradient, with s·y > 0.
   *
   * @param {Float32Array} s
   * @param {Float32Array} y
   * @param {number} sy their product
   */
  learn(s, y, sy) {
    const [S, Y] = [this.#transform(s), this.#transform(y)];
    for (const sums of [this.ss, this.sy]) for (let i = 0; i < sums.length; i++) sums[i] *= FORGET;
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < this.size; i++) {
        const at = c * BANDS + this.band[i];
        this.ss[at] += (S[c].re[i] ** 2 + S[c].im[i] ** 2) / sy;
        this.sy[at] += (S[c].re[i] * Y[c].re[i] + S[c].im[i] * Y[c].im[i]) / sy;
      }
    }
    const sum = (/** @type {Float64Array} */ values) => values.reduce((total, value) => total + value, 0);
    const mean = sum(this.ss) / sum(this.sy);
    this.factors = [0, 1, 2].map((c) => {
      const k = Array.from({ length: BANDS }, (_, b) => {
        const inverse = this.ss[c * BANDS + b] / Math.max(this.sy[c * BANDS + b], TINY) / mean;
        return Math.sqrt(Math.min(LIMIT, Math.max(1 / LIMIT, Number.isNaN(inverse) ? 1 : inverse)));
      });
      return Float64Array.from(this.band, (band) => k[band]);
    });
  }

  /** Multiply each band by its factor. @param {Float32Array} gradient @returns {Float32Array} */
  scale(gradient) {
    const planes = this.#transform(gradient);
    planes.forEach(({ re, im }, c) => {
      for (let i = 0; i < this.size; i++) {
        re[i] *= this.factors[c][i];
        im[i] *= this.factors[c][i];
      }
      this.fourier.inverse(re, im);
    });
    const out = new Float32Array(3 * this.size);
    for (let c = 0; c < 3; c++) {
      const [a, b, d] = COLOURS.map((row) => row[c]);
      for (let i = 0; i < this.size; i++) {
        out[c * this.size + i] = a * planes[0].re[i] + b * planes[1].re[i] + d * planes[2].re[i];
      }
    }
    return out;
  }

  /** @param {Float32Array} image */
  #transform(image) {
    const { size } = this;
    return COLOURS.map(([r, g, b]) => {
      const re = new Float64Array(size);
      for (let i = 0; i < size; i++) re[i] = r * image[i] + g * image[size + i] + b * image[2 * size + i];
      const im = new Float64Array(size);
      this.fourier.forward(re, im);
      return { re, im };
    });
  }
}

// The Fourier transform of a plane of any size, by Stockham's method with mixed radices.

/** @param {number} n @returns {number[]} its prime factors */
function factors(n) {
  const found = [];
  for (let p = 2; p * p <= n; p++) for (; n % p === 0; n /= p) found.push(p);
  return n > 1 ? [...found, n] : found;
}

/** A transform of length n; the same one serves rows and columns. */
class Axis {
  /** @param {number} n */
  constructor(n) {
    this.n = n;
    this.radices = factors(n);
    this.cos = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n));
    this.sin = Float64Array.from({ length: n }, (_, i) => -Math.sin((2 * Math.PI * i) / n));
  }

  /**
   * Transforms `stride` interleaved signals at once: entry k of signal q lies at offset + q + stride k.
   * Each stage sorts as it goes; the result ends in the first pair of arrays.
   *
   * @param {Float64Array[]} data real and imaginary part
   * @param {Float64Array[]} spare two more arrays of that size
   * @param {number} offset
   * @param {number} stride
   */
  run(data, spare, offset, stride) {
    let [from, to, length, s] = [data, spare, this.n, stride];
    for (const radix of this.radices) {
      this.#stage(from, to, offset, radix, length / radix, s);
      [from, to, length, s] = [to, from, length / radix, s * radix];
    }
    if (from === data) return;
    const end = offset + this.n * stride;
    for (const part of [0, 1]) data[part].set(spare[part].subarray(offset, end), offset);
  }

  /**
   * @param {Float64Array[]} from
   * @param {Float64Array[]} to
   * @param {number} offset
   * @param {number} radix
   * @param {number} m what is left of the length
   * @param {number} s stride
   */
  #stage([xr, xi], [yr, yi], offset, radix, m, s) {
    const { n, cos, sin } = this;
    const turn = n / radix; // ω_radix in the table of ω_n
    const twist = n / (radix * m); // ω of the length that is left
    for (let p = 0; p < m; p++) {
      for (let t = 0; t < radix; t++) {
        const w = p * t * twist; // less than n
        const out = offset + s * (radix * p + t);
        for (let q = 0; q < s; q++) {
          let re = 0;
          let im = 0;
          for (let i = 0; i < radix; i++) {
            const at = offset + q + s * (p + m * i);
            const k = (i * t * turn) % n;
            re += xr[at] * cos[k] - xi[at] * sin[k];
            im += xr[at] * sin[k] + xi[at] * cos[k];
          }
          yr[out + q] = re * cos[w] - im * sin[w];
          yi[out + q] = re * sin[w] + im * cos[w];
        }
      }
    }
  }
}

/** The transform of planes of one size. */
export class Fourier {
  /** @param {number} height @param {number} width */
  constructor(height, width) {
    this.height = height;
    this.width = width;
    this.rows = new Axis(width);
    this.columns = new Axis(height);
    this.spare = [new Float64Array(height * width), new Float64Array(height * width)];
  }

  /** In place. @param {Float64Array} re @param {Float64Array} im */
  forward(re, im) {
    for (let row = 0; row < this.height; row++) this.rows.run([re, im], this.spare, row * this.width, 1);
    this.columns.run([re, im], this.spare, 0, this.width);
  }

  /** In place; with both parts exchanged, the inverse is the forward transform. @param {Float64Array} re @param {Float64Array} im */
  inverse(re, im) {
    this.forward(im, re);
    const scale = 1 / (this.height * this.width);
    for (let i = 0; i < re.length; i++) {
      re[i] *= scale;
      im[i] *= scale;
    }
  }
}

// Gram matrices as numbers: cosines, distances, and the matrix of a region that grows position by position.

/** @typedef {{ values: Float32Array, positions: number }} Gram G / M, and M */

/** G_ij / √(G_ii G_jj), rows and columns in that order. @param {Float32Array} gram @param {number[]} order */
export function cosines(gram, order) {
  const C = order.length;
  const length = Float32Array.from(order, (i) => Math.sqrt(gram[i * C + i]));
  const found = new Float32Array(C * C);
  for (let a = 0; a < C; a += 1) {
    for (let b = 0; b < C; b += 1) {
      const both = length[a] * length[b];
      found[a * C + b] = both > 0 ? gram[order[a] * C + order[b]] / both : 0;
    }
  }
  return found;
}

/** ‖G − A‖² / ‖A‖², each matrix over its number of positions: E_l over its value without features (Eq. 4).
 * @param {Float32Array} G @param {Float32Array} A */
export function distance(G, A) {
  let [apart, whole] = [0, 0];
  for (let k = 0; k < A.length; k += 1) {
    apart += (G[k] - A[k]) ** 2;
    whole += A[k] ** 2;
  }
  return whole > 0 ? apart / whole : 0;
}

/** The Gram matrix of a set of positions that grows by one at a time. */
export class Region {
  /** @param {Float32Array} F @param {number[]} shape */
  constructor(F, [C, H, W]) {
    this.F = F;
    this.C = C;
    this.M = H * W;
    this.count = 0;
    this.inside = new Uint8Array(this.M);
    this.sum = new Float32Array(C * C);
    this.column = new Float32Array(C);
  }

  /** @param {number} k */
  add(k) {
    if (this.inside[k]) return;
    this.inside[k] = 1;
    this.count += 1;
    const { C, M, F, sum, column } = this;
    for (let i = 0; i < C; i += 1) column[i] = F[i * M + k];
    for (let i = 0; i < C; i += 1) {
      const value = column[i];
      if (value === 0) continue; // half of them are, after a ReLU
      for (let j = i; j < C; j += 1) sum[i * C + j] += value * column[j];
    }
  }

  /** @returns {Gram} */
  gram() {
    const { C, sum } = this;
    const values = new Float32Array(C * C);
    for (let i = 0; i < C; i += 1) {
      for (let j = i; j < C; j += 1) values[i * C + j] = values[j * C + i] = sum[i * C + j] / (this.count || 1);
    }
    return { values, positions: this.count };
  }
}

// What can be read from features, as in `styletools/reading.py`.

const LANCZOS = 60; // vectors: enough for ten digits of what was tried

/** G_ij / √(G_ii G_jj) of some filters. @param {ArrayLike<number>} gram @param {number} count @param {number[]} filters */
function cosines(gram, count, filters) {
  const lengths = filters.map((i) => Math.sqrt(gram[i * count + i]));
  const found = new Float64Array(filters.length ** 2);
  filters.forEach((i, a) => filters.forEach((j, b) => (found[a * filters.length + b] = gram[i * count + j] / (lengths[a] * lengths[b]))));
  return found;
}

/** Replace a positive definite matrix L Lᵀ by its lower triangle L. @param {Float64Array} matrix @param {number} n */
function cholesky(matrix, n) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j];
    }
  }
}

/** Solve L Lᵀ x = b; x replaces b. @param {Float64Array} L @param {Float64Array} b */
function solve(L, b) {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= L[i * n + k] * b[k];
    b[i] /= L[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    b[i] /= L[i * n + i];
    for (let k = 0; k < i; k++) b[k] -= L[i * n + k] * b[i];
  }
}

const dot = (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const scaled = (/** @type {Float64Array} */ a, /** @type {number} */ by) => a.map((value) => value * by);

/**
 * The eigenvector of the largest eigenvalue of a symmetric matrix, by Lanczos's method with all vectors kept orthogonal.
 *
 * @param {(vector: Float64Array) => Float64Array} apply the matrix
 * @param {Float64Array} start
 */
function foremost(apply, start) {
  const most = Math.min(LANCZOS, start.length);
  const basis = [scaled(start, 1 / Math.sqrt(dot(start, start)))];
  /** @type {[number[], number[]]} */
  const [diagonal, beside] = [[], []];
  for (let m = 0; m < most; m++) {
    const next = apply(basis[m]);
    diagonal.push(dot(next, basis[m]));
    for (let twice = 0; twice < 2; twice++) {
      for (const known of basis) {
        const share = dot(next, known);
        next.forEach((value, i) => (next[i] = value - share * known[i]));
      }
    }
    const length = Math.sqrt(dot(next, next));
    if (length < 1e-12 * diagonal[0]) break; // nothing new is left
    beside.push(length);
    if (m + 1 < most) basis.push(scaled(next, 1 / length));
  }
  // What is left is small: power iteration on a matrix of three diagonals.
  let weights = new Float64Array(diagonal.length).fill(0);
  weights[0] = 1;
  for (let turn = 0; turn < 20000; turn++) {
    const next = weights.map((w, i) => diagonal[i] * w + (i ? beside[i - 1] * weights[i - 1] : 0) + (i + 1 < weights.length ? beside[i] * weights[i + 1] : 0));
    weights = scaled(next, 1 / Math.sqrt(dot(next, next)));
  }
  const found = new Float64Array(start.length);
  weights.forEach((weight, m) => basis[m].forEach((value, i) => (found[i] += weight * value)));
  return found;
}

/**
 * The eigenvector of a graph's second smallest eigenvalue: Fiedler's.
 *
 * @param {Float64Array} edges
 * @param {number} n
 */
function fiedler(edges, n) {
  const laplacian = scaled(edges, -1);
  let most = 0;
  for (let i = 0; i < n; i++) {
    const degree = edges.subarray(i * n, (i + 1) * n).reduce((sum, edge) => sum + edge, 0);
    laplacian[i * n + i] += degree;
    most = Math.max(most, degree);
  }
  // The constant vector has the eigenvalue 0: a larger one takes it out of the way, and makes the matrix definite.
  for (let k = 0; k < n * n; k++) laplacian[k] += (2 * most) / n;
  cholesky(laplacian, n);
  const inverse = (/** @type {Float64Array} */ vector) => {
    const solved = vector.slice();
    solve(laplacian, solved);
    return solved;
  };
  const vector = foremost(inverse, Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1)));
  const largest = vector.reduce((best, value, i) => (Math.abs(value) > Math.abs(vector[best]) ? i : best), 0);
  return vector[largest] < 0 ? scaled(vector, -1) : vector;
}

/**
 * An order of the filters in which those that fire together are neighbours; silent ones are last.
 *
 * @param {ArrayLike<number>} gram G, (count, count)
 * @param {number} count
 */
export function order(gram, count) {
  const filters = Array.from({ length: count }, (_, i) => i);
  const living = filters.filter((i) => gram[i * count + i] > 0);
  const silent = filters.filter((i) => !(gram[i * count + i] > 0));
  if (living.length < 3) return [...living, ...silent];
  const along = fiedler(cosines(gram, count, living), living.length);
  const sorted = living.map((_, place) => place).sort((a, b) => along[a] - along[b] || a - b);
  return [...sorted.map((place) => living[place]), ...silent];
}

/** The two filters that fire together most: the largest cosine. @param {ArrayLike<number>} gram @param {number} count */
export function closest(gram, count) {
  let best = { i: 0, j: Math.min(1, count - 1), cosine: -1 };
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const lengths = Math.sqrt(gram[i * count + i] * gram[j * count + j]);
      const cosine = lengths > 0 ? gram[i * count + j] / lengths : 0;
      if (cosine > best.cosine) best = { i, j, cosine };
    }
  }
  return best;
}

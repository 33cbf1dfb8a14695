// Resize as the package does: Lanczos on 8 bits when a picture is read, bicubic on floats from size to size.

const cubic = (/** @type {number} */ x) => {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
};
const sinc = (/** @type {number} */ x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (/** @type {number} */ x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

/**
 * What each new position takes from the old ones, antialiased.
 *
 * @param {number} from
 * @param {number} to
 * @param {(x: number) => number} kernel
 * @param {number} reach
 */
function windows(from, to, kernel, reach) {
  const scale = from / to;
  const wide = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(centre - reach * wide + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach * wide + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) => kernel((k + first - centre + 0.5) / wide));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

const PRECISION = 2 ** 22; // as Pillow does, weights are whole numbers, so that the last bit is the same

/** @param {ReturnType<typeof windows>} taken */
function inWholes(taken) {
  const whole = (/** @type {number} */ weight) => Math.trunc(weight * PRECISION + Math.sign(weight) * 0.5);
  return taken.map(({ first, weights }) => ({ first, weights: weights.map(whole) }));
}

/**
 * One axis of interleaved values: `lines` times `from` positions with `inner` values each.
 *
 * @param {ArrayLike<number>} data
 * @param {number} lines
 * @param {number} inner
 * @param {ReturnType<typeof windows>} taken
 * @param {number} from
 * @param {(value: number) => number} finish
 */
function along(data, lines, inner, taken, from, finish) {
  const out = new Float32Array(lines * taken.length * inner);
  for (let line = 0, at = 0; line < lines; line++) {
    for (const { first, weights } of taken) {
      const base = (line * from + first) * inner;
      for (let q = 0; q < inner; q++, at++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * data[base + k * inner + q];
        out[at] = finish(sum);
      }
    }
  }
  return out;
}

/**
 * @param {import("./objective.js").Picture} picture
 * @param {number} height
 * @param {number} width
 * @returns {import("./objective.js").Picture}
 */
export function resize(picture, height, width) {
  if (picture.height === height && picture.width === width) return picture;
  const keep = (/** @type {number} */ value) => value;
  const columns = windows(picture.width, width, cubic, 2);
  const rows = windows(picture.height, height, cubic, 2);
  const wide = along(picture.data, 3 * picture.height, 1, columns, picture.width, keep);
  const data = along(wide, 3, width, rows, picture.height, (value) => Math.min(1, Math.max(0, value)));
  return { data, height, width };
}

/**
 * A picture as it was read, at a size: 8 bits, then planes of floats.
 *
 * @param {{ rgba: Uint8ClampedArray, height: number, width: number }} raw
 * @param {number} height
 * @param {number} width
 * @returns {import("./objective.js").Picture}
 */
export function read(raw, height, width) {
  const byte = (/** @type {number} */ value) => Math.min(255, Math.max(0, Math.floor(value / PRECISION + 0.5)));
  const columns = inWholes(windows(raw.width, width, lanczos, 3));
  const rows = inWholes(windows(raw.height, height, lanczos, 3));
  const same = raw.height === height && raw.width === width;
  const wide = same ? raw.rgba : along(raw.rgba, raw.height, 4, columns, raw.width, byte);
  const small = same ? raw.rgba : along(wide, 1, 4 * width, rows, raw.height, byte);
  const size = height * width;
  const data = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) for (let i = 0; i < size; i++) data[c * size + i] = small[4 * i + c] / 255;
  return { data, height, width };
}

/** Bytes of a canvas. @param {import("./objective.js").Picture} picture */
export function toBytes({ data, height, width }) {
  const size = height * width;
  const rgba = new Uint8ClampedArray(4 * size).fill(255);
  for (let c = 0; c < 3; c++) for (let i = 0; i < size; i++) rgba[4 * i + c] = 255 * data[c * size + i];
  return rgba;
}

// Weights of eight bits with a scale for each filter, for the page in one file; the graphs read sixteen.

/**
 * @typedef {{ at: number, filters: number, count: number, scales: number, values: number }} Tensor
 *   at: where its float16 values begin in the package's file; the others are offsets in the packed data
 */

const bits = new Float32Array(1);
const word = new Uint32Array(bits.buffer);

/** The nearest float16, as 16 bits; what is below its smallest normal number becomes 0. @param {number} value */
export function half(value) {
  bits[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const rounded = (word[0] & 0x7fffffff) + 0x0fff + ((word[0] >>> 13) & 1);
  const exponent = (rounded >>> 23) - 112;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((rounded >>> 13) & 0x3ff);
}

/**
 * The weights where the graphs look for them: the package's file as far as it is needed, its header left empty.
 *
 * @param {Uint8Array} packed
 * @returns {Uint8Array}
 */
export function expand(packed) {
  const view = new DataView(packed.buffer, packed.byteOffset);
  const length = view.getUint32(0, true);
  /** @type {{ bytes: number, tensors: Tensor[] }} */
  const header = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length)));
  const out = new Uint8Array(header.bytes);
  const data = packed.subarray(4 + length);
  const numbers = new DataView(data.buffer, data.byteOffset);
  for (const { at, filters, count, scales, values } of header.tensors) {
    const target = new DataView(out.buffer, at);
    for (let f = 0, i = 0; f < filters; f++) {
      const scale = numbers.getFloat32(scales + 4 * f, true);
      for (let k = 0; k < count; k++, i++) target.setUint16(2 * i, half(scale * numbers.getInt8(values + i)), true);
    }
  }
  return out;
}

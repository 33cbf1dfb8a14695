// Changes to a picture, as `styletools/pictures/variations.py` has them, number for number.

import { shuffled } from "./noise.js";
import { rounded } from "./stages.js";

/** @typedef {import("./objective.js").Picture} Picture */

/**
 * A picture that takes each pixel from another place.
 *
 * @param {Picture} picture
 * @param {number} height
 * @param {number} width
 * @param {(row: number, column: number) => number} from its place in `picture`
 * @returns {Picture}
 */
function moved({ data, height: rows, width: columns }, height, width, from) {
  const [size, before] = [height * width, rows * columns];
  const out = new Float32Array(3 * size);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const place = from(row, column);
      for (let c = 0; c < 3; c++) out[c * size + at] = data[c * before + place];
    }
  }
  return { data: out, height, width };
}

/**
 * What is inside a frame.
 *
 * @param {Picture} picture
 * @param {number} top
 * @param {number} left
 * @param {number} height
 * @param {number} width
 */
export function framed(picture, top, left, height, width) {
  return moved(picture, height, width, (row, column) => (row + top) * picture.width + column + left);
}

/** Blocks in another order; what is left of the sides is cut off. @param {Picture} picture @param {number} block */
function scatter(picture, block) {
  const [rows, columns] = [Math.floor(picture.height / block), Math.floor(picture.width / block)];
  const order = shuffled(rows * columns, 0);
  return moved(picture, rows * block, columns * block, (row, column) => {
    const taken = order[Math.floor(row / block) * columns + Math.floor(column / block)];
    const [top, left] = [Math.floor(taken / columns) * block, (taken % columns) * block];
    return (top + (row % block)) * picture.width + left + (column % block);
  });
}

/** By the names of the package. @type {Record<string, (picture: Picture) => Picture>} */
export const VARIATIONS = {
  mirror: (p) => moved(p, p.height, p.width, (row, column) => row * p.width + p.width - 1 - column),
  turn: (p) => moved(p, p.width, p.height, (row, column) => column * p.width + p.width - 1 - row),
  crop(p) {
    const [height, width] = [p.height, p.width].map((side) => Math.max(1, rounded(0.75 * side)));
    return framed(p, Math.floor((p.height - height) / 2), Math.floor((p.width - width) / 2), height, width);
  },
  shift: (p) => moved(p, p.height, p.width, (row, column) => row * p.width + ((column - 4 + p.width) % p.width)),
  "scatter blocks": (p) => scatter(p, 16),
  "scatter pixels": (p) => scatter(p, 1),
  recolour({ data, height, width }) {
    const size = height * width;
    const plane = (/** @type {number} */ c) => data.subarray(c * size, (c + 1) * size);
    const out = new Float32Array(3 * size);
    [2, 0, 1].forEach((from, to) => out.set(plane(from), to * size));
    return { data: out, height, width };
  },
  grey({ data, height, width }) {
    const size = height * width;
    const luma = Float32Array.from({ length: size }, (_, i) => 0.299 * data[i] + 0.587 * data[size + i] + 0.114 * data[2 * size + i]);
    const out = new Float32Array(3 * size);
    for (let c = 0; c < 3; c++) out.set(luma, c * size);
    return { data: out, height, width };
  },
};

// How a picture grows, and the weights at each size: `styletools/stages.py`, with its constants from engine.json.

/**
 * @typedef {{ COARSEST: number, STEPS_PER_OCTAVE: number, MOST_BETA: number, BETA_SIZE: number, BETA_POWER: number }} Constants
 * @typedef {{ height: number, width: number, steps: number, alpha: number, beta: number, tv: number }} Stage
 */

/** To the nearest whole number, halves to the even one, as Python does. @param {number} value */
export function rounded(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Height and width with the longer side exactly `size`.
 *
 * @param {number} height
 * @param {number} width
 * @param {number} size
 * @returns {[number, number]}
 */
export function fit(height, width, size) {
  const side = (/** @type {number} */ before) => Math.max(1, rounded((before * size) / Math.max(height, width)));
  return [side(height), side(width)];
}

/** @param {number} height @param {number} width @param {number} share @param {number} smallest */
export function scaled(height, width, share, smallest) {
  const by = Math.max(share, Math.min(1, smallest / Math.min(height, width)));
  return [rounded(height * by), rounded(width * by)];
}

/** 1; or …, ½, 0.71, 1. @param {number} height @param {number} width @param {number} smallest @param {Constants} constants */
function shares(height, width, smallest, constants) {
  const found = [1];
  for (;;) {
    const share = 2 ** (-found.length / constants.STEPS_PER_OCTAVE);
    const enough =
      found.length > constants.STEPS_PER_OCTAVE && Math.max(height, width) * share < constants.COARSEST;
    if (enough || Math.min(height, width) * share < smallest) return found;
    found.unshift(share);
  }
}

/**
 * From small to large.
 *
 * @param {{ height: number, width: number, steps: number, alpha: number, beta: number, tv: number,
 *           smallest: number, grow: boolean, relative: boolean }} options
 * @param {Constants} constants
 * @returns {Stage[]}
 */
export function stages(options, constants) {
  const { height, width, steps, alpha, beta, tv, smallest, grow, relative } = options;
  const balance = alpha > 0 && beta > 0;
  return (grow ? shares(height, width, smallest, constants) : [1]).map((share) => {
    let painting = beta;
    if (balance && relative) painting *= (Math.max(height, width) / constants.BETA_SIZE) ** constants.BETA_POWER;
    if (balance) painting *= Math.min(1 / share ** 2, constants.MOST_BETA);
    const [rows, columns] = scaled(height, width, share, smallest);
    return { height: rows, width: columns, steps, alpha, beta: painting, tv: tv * (alpha + painting) };
  });
}

// White noise, number for number the package's: torch draws it with the Mersenne twister.

/** @param {number} seed @returns {() => number} 32 random bits at each call */
function twister(seed) {
  const state = new Uint32Array(624);
  state[0] = seed % 2 ** 32;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  return () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/**
 * Noise around the middle grey, three planes.
 *
 * @param {number} height
 * @param {number} width
 * @param {number} seed whole, ≥ 0
 * @param {number} contrast 1 for the whole range; the recipes start from less
 */
export function softNoise(height, width, seed, contrast) {
  const next = twister(seed);
  return Float32Array.from({ length: 3 * height * width }, () => {
    const uniform = (next() & 0xffffff) / 2 ** 24;
    return 0.5 + contrast * (uniform - 0.5);
  });
}

/** The whole numbers below `count` in the order of torch's `randperm`. @param {number} count @param {number} seed */
export function shuffled(count, seed) {
  const next = twister(seed);
  const found = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < count - 1; i++) {
    const other = i + (next() % (count - i));
    [found[i], found[other]] = [found[other], found[i]];
  }
  return found;
}

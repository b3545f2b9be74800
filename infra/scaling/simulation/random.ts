/** In [0, 1), the same for the same seed: mulberry32. */
export type Random = () => number

export const seededRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `middle`, up to `share` of it more or less. */
export const around = (middle: number, share: number, random: Random): number =>
  middle * (1 - share + 2 * share * random())

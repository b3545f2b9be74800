/** A random stream that is the same for the same seed. */
export interface SeededRandom {
  /** Returns a number in [0, 1). */
  next(): number
  chance(probability: number): boolean
  /** Returns a number in [`min`, `max`). */
  between(min: number, max: number): number
  /** Returns a whole number from 0 to `count` - 1. */
  below(count: number): number
  pick<T>(choices: readonly T[]): T
}

/** A stream by mulberry32, which is small and good enough to choose faults. */
export const seededRandom = (seed: number): SeededRandom => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number): number => Math.floor(next() * count)
  return {
    next,
    chance: (probability) => next() < probability,
    between: (min, max) => min + next() * (max - min),
    below,
    pick: (choices) => choices[below(choices.length)]!,
  }
}

const STATE_SIZE = 624
const SHIFT = 397
const UPPER_MASK = 0x80000000
const LOWER_MASK = 0x7fffffff
const MATRIX_A = 0x9908b0df
const INIT_MULTIPLIER = 1812433253

/** The next 32 random bits, as an integer from 0 to 2^32 - 1. */
export type RandomBits = () => number

const seededState = (seed: number): Uint32Array => {
  const state = new Uint32Array(STATE_SIZE)
  state[0] = seed
  for (let i = 1; i < STATE_SIZE; i++) {
    const previous = state[i - 1]!
    state[i] = Math.imul(INIT_MULTIPLIER, previous ^ (previous >>> 30)) + i
  }
  return state
}

const twist = (state: Uint32Array): void => {
  for (let i = 0; i < STATE_SIZE; i++) {
    const next = state[(i + 1) % STATE_SIZE]!
    const mixed = (state[i]! & UPPER_MASK) | (next & LOWER_MASK)
    state[i] = state[(i + SHIFT) % STATE_SIZE]! ^ (mixed >>> 1) ^ (next & 1 ? MATRIX_A : 0)
  }
}

/**
 * Matsumoto and Nishimura's Mersenne Twister with its plain 32-bit seeding, which is what PyTorch's CPU
 * generator runs on. Of `seed` only the low 32 bits count (0 to 2^32 - 1).
 */
export const createMt19937 = (seed: number): RandomBits => {
  const state = seededState(seed)
  let next = STATE_SIZE
  return () => {
    if (next === STATE_SIZE) {
      twist(state)
      next = 0
    }
    let y = state[next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
}

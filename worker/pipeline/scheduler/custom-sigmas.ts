import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'

const FIELD = 'sigmas'
const FIX = 'give noise levels from high to low with the end value last, such as 700,54.5,4.2,0.4,0'

/** The Euler step divides by every level but the last, and squares it in float32. */
const SIGMA_LIMIT = 2 ** 64

const faultAt = (sigmas: readonly number[], i: number): string | undefined => {
  const sigma = sigmas[i] as number
  const float32 = Math.fround(sigma)
  const last = i === sigmas.length - 1
  if (!Number.isFinite(sigma)) return 'is not a finite number'
  if (sigma < 0) return 'is negative'
  if (float32 >= SIGMA_LIMIT) return 'is too large: its square must fit in float32'
  if (float32 === 0 && !last) return 'is 0, which only the last value may be'
  if (i > 0 && float32 >= Math.fround(sigmas[i - 1] as number)) {
    return `is not below the value before it, ${sigmas[i - 1]}`
  }
  return undefined
}

/**
 * A user's own noise levels as float32, checked: two or more, each below the one before, above 0 except for the
 * last. They are used as they are, with nothing added, so n values make n - 1 steps. The reference checks
 * nothing here: other lists give it NaN or a picture of noise.
 *
 * @throws InvalidInputError (`sigmas`) that names the first wrong value.
 */
export const parseCustomSigmas = (sigmas: readonly number[]): Float32Array => {
  if (sigmas.length < 2) {
    throw new InvalidInputError(FIELD, `needs two or more values, got ${sigmas.length}; ${FIX}`)
  }
  for (let i = 0; i < sigmas.length; i++) {
    const fault = faultAt(sigmas, i)
    if (fault !== undefined) {
      throw new InvalidInputError(FIELD, `value ${i + 1} of ${sigmas.length}, ${sigmas[i]}, ${fault}; ${FIX}`)
    }
  }
  return Float32Array.from(sigmas)
}

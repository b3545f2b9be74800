import { z } from 'zod'

/** The Euler step divides by every level but the last, and squares it in float32. */
const SIGMA_LIMIT = 2 ** 64

/** 1000 steps, and the end value. */
const MAX_SIGMAS = 1001

const faultAt = (sigmas: readonly number[], i: number): string | undefined => {
  const sigma = sigmas[i] as number
  const float32 = Math.fround(sigma)
  const last = i === sigmas.length - 1
  if (sigma < 0) return 'is negative'
  if (float32 >= SIGMA_LIMIT) return 'is too large: its square must fit in float32'
  if (float32 === 0 && !last) return 'is 0, which only the last value may be'
  if (i > 0 && float32 >= Math.fround(sigmas[i - 1] as number)) {
    return `is not below the value before it, ${sigmas[i - 1]}`
  }
  return undefined
}

/** Which value of a list is the first that cannot be used, and why; undefined: none. */
const faultOf = (sigmas: readonly number[]): string | undefined => {
  for (let i = 0; i < sigmas.length; i++) {
    const fault = faultAt(sigmas, i)
    if (fault !== undefined) return `value ${i + 1} of ${sigmas.length}, ${sigmas[i]}, ${fault}`
  }
  return undefined
}

/**
 * A user's own noise levels: two or more, each below the one before in float32, above 0 except for the last. They are
 * used as they are, with nothing added, so n values make n - 1 steps. The reference checks nothing here: other lists
 * give it NaN or an image of noise.
 */
export const customSigmasSchema = z
  .array(z.number())
  .min(2)
  .max(MAX_SIGMAS)
  .superRefine((sigmas, { addIssue }) => {
    const fault = faultOf(sigmas)
    if (fault !== undefined) addIssue({ code: 'custom', message: fault })
  })

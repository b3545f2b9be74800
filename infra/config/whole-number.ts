import { z } from 'zod'
import { readNumber } from '../../shared/contracts/argument-text.ts'

/** From the command line everything comes as text. */
export const asNumber = (given: unknown): unknown => (typeof given === 'string' ? readNumber(given) : given)

/** A whole number from `min` to `max`, also as text. */
export const wholeNumber = (min: number, max: number) => {
  const rule = `must be a whole number from ${min} to ${max}`
  return z.preprocess(asNumber, z.int(rule).min(min, rule).max(max, rule))
}

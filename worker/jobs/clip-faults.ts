import { type ClipFigures, largestSeamChange } from './clip-figures.ts'
import type { ClipLimits } from './clip-limits.ts'

const one = (value: number): string => value.toFixed(1)

/** With as many digits as tell it from the limit that it misses: 12.98 and not 13.0, of 13. */
const apartFrom = (limit: number, value: number): string => {
  for (let digits = 1; digits < 6; digits++)
    if (Number(value.toFixed(digits)) !== limit) return value.toFixed(digits)
  return String(value)
}

type Check = (figures: ClipFigures, limits: ClipLimits) => string | null

const empty: Check = ({ frames, picture }, limits) => {
  const leastMean = Math.min(limits.blackMean, limits.blackShare * picture.mean)
  const leastSpread = picture.spread < limits.plainSpread ? 0 : limits.blankShare * picture.spread
  for (const [frame, { mean, spread }] of frames.entries()) {
    if (mean < leastMean) {
      return (
        `frame ${frame} is black: its mean brightness is ${apartFrom(leastMean, mean)}, the picture's ${one(picture.mean)}; ` +
        `at least ${one(leastMean)} is expected`
      )
    }
    if (spread < leastSpread) {
      return (
        `frame ${frame} is blank: its levels spread by ${apartFrom(leastSpread, spread)}, the picture's by ${one(picture.spread)}; ` +
        `at least ${one(leastSpread)} is expected`
      )
    }
  }
  return null
}

const frozen: Check = ({ changes, picture }, { frozenChange, plainSpread }) => {
  if (changes.length === 0 || picture.spread < plainSpread) return null
  const largest = Math.max(...changes)
  if (largest > frozenChange) return null
  return (
    `nothing moves: neighbouring frames differ by ${largest.toFixed(3)} levels at most; ` +
    `more than ${frozenChange} is expected`
  )
}

const flicker: Check = (figures, { seamRatio, seamExcess }) => {
  const seam = largestSeamChange(figures)
  if (seam === null || seam.ratio <= seamRatio || seam.change - seam.elsewhere <= seamExcess) return null
  return (
    `it flickers where decode chunks meet: frames ${seam.frame} and ${seam.frame + 1} differ by ` +
    `${one(seam.change)} levels, others by ${one(seam.elsewhere)}; at most ${seamRatio} times as much is expected`
  )
}

const otherPicture: Check = ({ firstFramePsnrDb }, limits) =>
  firstFramePsnrDb >= limits.firstFramePsnrDb
    ? null
    : `the first frame does not show the picture: ${apartFrom(limits.firstFramePsnrDb, firstFramePsnrDb)} dB against it; ` +
      `at least ${limits.firstFramePsnrDb} dB is expected`

const CHECKS = [empty, frozen, flicker, otherPicture]

/** What is wrong with a clip by its figures, each as a sentence with figure and limit. */
export const clipFaults = (figures: ClipFigures, limits: ClipLimits): readonly string[] =>
  CHECKS.flatMap((check) => check(figures, limits) ?? [])

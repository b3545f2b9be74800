import type { ClipCheck } from '../../../shared/contracts/clip-checks.ts'
import { type ClipFigures, largestSeamChange } from './clip-figures.ts'
import type { ClipLimits } from './clip-limits.ts'

export interface ClipFault {
  readonly check: ClipCheck
  /** A sentence with figure and limit. */
  readonly text: string
}

const one = (value: number): string => value.toFixed(1)

/** Text of a value with enough digits to differ from the limit that it misses: 12.98, not 13.0, for the limit 13. */
const apartFrom = (limit: number, value: number): string => {
  for (let digits = 1; digits < 6; digits++)
    if (Number(value.toFixed(digits)) !== limit) return value.toFixed(digits)
  return String(value)
}

type Check = (figures: ClipFigures, limits: ClipLimits) => string | null

const leastMeanOf = ({ image }: ClipFigures, { blackMean, blackShare }: ClipLimits): number =>
  Math.min(blackMean, blackShare * image.mean)

const black: Check = (figures, limits) => {
  const { frames, image } = figures
  const leastMean = leastMeanOf(figures, limits)
  const frame = frames.findIndex(({ mean }) => mean < leastMean)
  if (frame < 0) return null
  return (
    `frame ${frame} is black: its mean brightness is ${apartFrom(leastMean, frames[frame]!.mean)}, the image's ` +
    `${one(image.mean)}; at least ${one(leastMean)} is expected`
  )
}

/** A black frame is blank too, and only the check `black` reports it. */
const blank: Check = (figures, limits) => {
  const { frames, image } = figures
  const leastMean = leastMeanOf(figures, limits)
  const leastSpread = image.spread < limits.plainSpread ? 0 : limits.blankShare * image.spread
  const frame = frames.findIndex(({ mean, spread }) => mean >= leastMean && spread < leastSpread)
  if (frame < 0) return null
  return (
    `frame ${frame} is blank: its levels spread by ${apartFrom(leastSpread, frames[frame]!.spread)}, the image's by ` +
    `${one(image.spread)}; at least ${one(leastSpread)} is expected`
  )
}

const frozen: Check = ({ changes, image }, { frozenChange, plainSpread }) => {
  if (changes.length === 0 || image.spread < plainSpread) return null
  const largest = Math.max(...changes)
  if (largest > frozenChange) return null
  return (
    `nothing moves: neighbouring frames differ by ${largest.toFixed(3)} levels at most; ` +
    `more than ${frozenChange} is expected`
  )
}

const seams: Check = (figures, { seamRatio, seamExcess }) => {
  const seam = largestSeamChange(figures)
  if (seam === null || seam.ratio <= seamRatio || seam.change - seam.elsewhere <= seamExcess) return null
  return (
    `it flickers where decode chunks meet: frames ${seam.frame} and ${seam.frame + 1} differ by ` +
    `${one(seam.change)} levels, others by ${one(seam.elsewhere)}; at most ${seamRatio} times as much is expected`
  )
}

const likeness: Check = ({ firstFramePsnrDb }, limits) =>
  firstFramePsnrDb >= limits.firstFramePsnrDb
    ? null
    : `the first frame does not show the image: ${apartFrom(limits.firstFramePsnrDb, firstFramePsnrDb)} dB against it; ` +
      `at least ${limits.firstFramePsnrDb} dB is expected`

const CHECKS = { black, blank, frozen, seams, likeness } as const satisfies Partial<Record<ClipCheck, Check>>

/** Faults of a clip by its figures, whatever the severities. */
export const clipFaults = (figures: ClipFigures, limits: ClipLimits): readonly ClipFault[] =>
  (Object.keys(CHECKS) as (keyof typeof CHECKS)[]).flatMap((check) => {
    const text = CHECKS[check](figures, limits)
    return text === null ? [] : [{ check, text }]
  })

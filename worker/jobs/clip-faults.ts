import { type ClipFigures, largestSeamChange } from './clip-figures.ts'
import {
  BLACK_MEAN,
  BLACK_SHARE,
  BLANK_SHARE,
  FIRST_FRAME_PSNR_DB,
  FROZEN_CHANGE,
  PLAIN_SPREAD,
  SEAM_EXCESS,
  SEAM_RATIO,
} from './clip-limits.ts'

const one = (value: number): string => value.toFixed(1)

type Check = (figures: ClipFigures) => string | null

const empty: Check = ({ frames, picture }) => {
  const leastMean = Math.min(BLACK_MEAN, BLACK_SHARE * picture.mean)
  const leastSpread = picture.spread < PLAIN_SPREAD ? 0 : BLANK_SHARE * picture.spread
  for (const [frame, { mean, spread }] of frames.entries()) {
    if (mean < leastMean) {
      return (
        `frame ${frame} is black: its mean brightness is ${one(mean)}, the picture's ${one(picture.mean)}; ` +
        `at least ${one(leastMean)} is expected`
      )
    }
    if (spread < leastSpread) {
      return (
        `frame ${frame} is blank: its levels spread by ${one(spread)}, the picture's by ${one(picture.spread)}; ` +
        `at least ${one(leastSpread)} is expected`
      )
    }
  }
  return null
}

const frozen: Check = ({ changes, picture }) => {
  if (changes.length === 0 || picture.spread < PLAIN_SPREAD) return null
  const largest = Math.max(...changes)
  if (largest > FROZEN_CHANGE) return null
  return (
    `nothing moves: neighbouring frames differ by ${largest.toFixed(3)} levels at most; ` +
    `more than ${FROZEN_CHANGE} is expected`
  )
}

const flicker: Check = (figures) => {
  const seam = largestSeamChange(figures)
  if (seam === null || seam.ratio <= SEAM_RATIO || seam.change - seam.elsewhere <= SEAM_EXCESS) return null
  return (
    `it flickers where decode chunks meet: frames ${seam.frame} and ${seam.frame + 1} differ by ` +
    `${one(seam.change)} levels, others by ${one(seam.elsewhere)}; at most ${SEAM_RATIO} times as much is expected`
  )
}

const otherPicture: Check = ({ firstFramePsnrDb }) =>
  firstFramePsnrDb >= FIRST_FRAME_PSNR_DB
    ? null
    : `the first frame does not show the picture: ${one(firstFramePsnrDb)} dB against it; ` +
      `at least ${FIRST_FRAME_PSNR_DB} dB is expected`

const CHECKS = [empty, frozen, flicker, otherPicture]

/** What is wrong with a clip by its figures, each as a sentence with figure and limit. */
export const clipFaults = (figures: ClipFigures): readonly string[] =>
  CHECKS.flatMap((check) => check(figures) ?? [])

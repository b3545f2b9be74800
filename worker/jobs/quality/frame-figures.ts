/* Arithmetic on RGB24 frames, in 8-bit levels. Where two are compared, both have the same size. */

export interface Levels {
  /** Mean of all bytes, 0 to 255: the brightness of the frame. */
  readonly mean: number
  /** Standard deviation of all bytes: 0 for one grey everywhere, some 40 to 80 for a photo. */
  readonly spread: number
}

export const levelsOf = (frame: Uint8Array): Levels => {
  let total = 0
  let squares = 0
  for (const value of frame) {
    total += value
    squares += value * value
  }
  const mean = total / frame.length
  return { mean, spread: Math.sqrt(Math.max(0, squares / frame.length - mean ** 2)) }
}

/** Mean |a − b| over all bytes. */
export const changeBetween = (a: Uint8Array, b: Uint8Array): number => {
  let total = 0
  for (let i = 0; i < a.length; i++) total += Math.abs(a[i]! - b[i]!)
  return total / a.length
}

/** JSON has no infinity, which two equal images would give. One level in one of 10^9 bytes is 138 dB. */
export const EQUAL_PSNR_DB = 150

/** 10·log10(255² / mean squared difference) over all bytes, in dB. */
export const psnrBetween = (a: Uint8Array, b: Uint8Array): number => {
  let squares = 0
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2
  return squares === 0 ? EQUAL_PSNR_DB : 10 * Math.log10(255 ** 2 / (squares / a.length))
}

/** Median of `numbers`, which has at least one. */
export const medianOf = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

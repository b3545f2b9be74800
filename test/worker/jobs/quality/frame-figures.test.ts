import { expect, test } from 'vitest'
import {
  changeBetween,
  EQUAL_PSNR_DB,
  levelsOf,
  medianOf,
  psnrBetween,
} from '../../../../worker/jobs/quality/frame-figures.ts'

test('levels are the mean and the standard deviation of all bytes', () => {
  expect(levelsOf(Uint8Array.of(10, 20, 30, 40))).toEqual({ mean: 25, spread: Math.sqrt(125) })
  expect(levelsOf(new Uint8Array(3000).fill(77))).toEqual({ mean: 77, spread: 0 })
  expect(levelsOf(Uint8Array.of(0, 255))).toEqual({ mean: 127.5, spread: 127.5 })
})

test('change is the mean absolute difference of bytes', () => {
  expect(changeBetween(Uint8Array.of(0, 10, 255), Uint8Array.of(4, 8, 255))).toBe(2)
  expect(changeBetween(Uint8Array.of(4, 8, 255), Uint8Array.of(0, 10, 255))).toBe(2)
})

test('the PSNR of a difference of 1 is 20·log10(255) dB, and that of equal images is finite', () => {
  const image = new Uint8Array(30).fill(100)
  const brighter = image.map((value) => value + 1)
  expect(psnrBetween(image, brighter)).toBeCloseTo(20 * Math.log10(255), 10)
  expect(psnrBetween(image, image)).toBe(EQUAL_PSNR_DB)
})

test('the median is the middle value, or the mean of the two middle values', () => {
  expect(medianOf([9, 1, 5])).toBe(5)
  expect(medianOf([9, 1, 5, 6])).toBe(5.5)
  expect(medianOf([3])).toBe(3)
})

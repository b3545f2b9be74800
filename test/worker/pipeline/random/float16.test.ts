import { expect, test } from 'vitest'
import { roundToFloat16 } from '../../../../worker/pipeline/random/float16.ts'

test.each([
  [1, 1],
  [1 + 2 ** -11, 1],
  [1 + 3 * 2 ** -11, 1 + 2 ** -9],
  [-(1 + 2 ** -11 + 2 ** -20), -(1 + 2 ** -10)],
  [2 ** -25, 0],
  [3 * 2 ** -25, 2 ** -23],
  [-(2 ** -26), -0],
  [0.1, 0.0999755859375],
  [2 ** -14 - 2 ** -26, 2 ** -14],
  [65_504, 65_504],
])('roundToFloat16 of %d is %d', (value, expected) => {
  expect(roundToFloat16(value)).toBe(expected)
})

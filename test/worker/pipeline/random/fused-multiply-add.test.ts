import { expect, test } from 'vitest'
import { fusedMultiplyAdd } from '../../../../worker/pipeline/random/fused-multiply-add.ts'

/** Distance of neighbouring float32 values from 1 to 2. */
const UNIT = 2 ** -23

test('fusedMultiplyAdd rounds a sum that a double holds exactly to float32, ties to even', () => {
  expect(fusedMultiplyAdd(3, 5, 7)).toBe(22)
  expect(fusedMultiplyAdd(UNIT, 0.5, 1)).toBe(1)
  expect(fusedMultiplyAdd(UNIT, 0.5, 1 + UNIT)).toBe(1 + 2 * UNIT)
})

test('fusedMultiplyAdd rounds by the bits of a sum that a double would lose', () => {
  // a × b is half a unit less 2^-56, which a double near 1 cannot hold: its sum is the exact middle.
  const a = (UNIT / 2) * (1 + 2 ** -16)
  const b = 1 - 2 ** -16
  expect(a * b + (1 + UNIT)).toBe(1 + 1.5 * UNIT)
  expect(fusedMultiplyAdd(a, b, 1 + UNIT)).toBe(1 + UNIT)
  expect(fusedMultiplyAdd(-a, b, 1 + UNIT)).toBe(1 + UNIT)
  expect(fusedMultiplyAdd(a, b, 1)).toBe(1)
  expect(fusedMultiplyAdd(-a, b, -1 - UNIT)).toBe(-1 - UNIT)
})

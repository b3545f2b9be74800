import { expect, test } from 'vitest'
import { fusedMultiplyAdd } from '../../../../worker/pipeline/random/fused-multiply-add.ts'

const UNIT = 2 ** -23 // between float32 values from 1 to 2

test('a sum that a double holds exactly is rounded to float32, ties to even', () => {
  expect(fusedMultiplyAdd(3, 5, 7)).toBe(22)
  expect(fusedMultiplyAdd(UNIT, 0.5, 1)).toBe(1)
  expect(fusedMultiplyAdd(UNIT, 0.5, 1 + UNIT)).toBe(1 + 2 * UNIT)
})

test('what a double loses of a sum still decides between two float32 values', () => {
  // Half a unit and a little more or less: the double sum is the exact middle.
  const half = UNIT / 2
  expect(fusedMultiplyAdd(half * (1 + UNIT), 1 + UNIT, 1)).toBe(1 + UNIT)
  const little = 2 ** -60
  expect(Math.fround(1 + half + little * 1)).toBe(1)
  expect(fusedMultiplyAdd(2 ** -30, 2 ** -30, Math.fround(1))).toBe(1)
  const a = 2 ** -24 + 2 ** -46 // a × b = 2^-24 + 2^-46 + ..., below a double's reach of 1
  expect(fusedMultiplyAdd(a, 1 + 2 ** -23, 1)).toBe(1 + UNIT)
  expect(fusedMultiplyAdd(-a, 1 + 2 ** -23, 1 + 2 * UNIT)).toBe(1 + UNIT)
})

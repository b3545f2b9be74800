import { expect, test } from 'vitest'
import { backOffSeconds } from '../../shared/back-off.ts'

const BACK_OFF = { firstSeconds: 30, longestSeconds: 900 }

test('the back-off doubles after each failure up to its maximum', () => {
  const middles = [1, 2, 3, 6, 1_000].map((failures) => backOffSeconds(failures, BACK_OFF, () => 0.5))
  expect(middles).toEqual([30, 60, 120, 900, 900])
})

test('the back-off varies randomly from half to one and a half times its value', () => {
  expect(backOffSeconds(2, BACK_OFF, () => 0)).toBe(30)
  expect(backOffSeconds(2, BACK_OFF, () => 0.999)).toBe(90)
})

test('the back-off is at least one second', () => {
  expect(backOffSeconds(1, { firstSeconds: 0.1, longestSeconds: 1 }, () => 0)).toBe(1)
})

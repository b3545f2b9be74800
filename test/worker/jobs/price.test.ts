import { expect, test } from 'vitest'
import { costOf } from '../../../worker/jobs/price.ts'

test('device seconds cost their share of the hourly price, rounded to a millionth of a dollar', () => {
  expect(costOf(3600, 1.006)).toBe(1.006)
  expect(costOf(90, 0.8048)).toBe(0.02012)
  expect(costOf(0.01, 1)).toBe(0.000003)
  expect(costOf(10, 0)).toBe(0)
})

test('device seconds have no cost when there is no price', () => {
  expect(costOf(90, null)).toBeNull()
})

import { expect, test } from 'vitest'
import { costOf, parseHourlyPrice } from '../../../worker/jobs/price.ts'

test('device seconds cost their share of an hour, to a millionth of a dollar', () => {
  expect(costOf(3600, 1.006)).toBe(1.006)
  expect(costOf(90, 0.8048)).toBe(0.02012)
  expect(costOf(0.01, 1)).toBe(0.000003)
  expect(costOf(10, 0)).toBe(0)
})

test('without a price there is no cost', () => {
  expect(costOf(90, null)).toBeNull()
})

test.each(['-1', '1001', 'free', '', '1,5', 'NaN'])('%j is no price', (text) => {
  expect(() => parseHourlyPrice('--price', text)).toThrow(
    `--price: got '${text}'; must be US dollars an hour`,
  )
})

test('a price may have decimals', () => {
  expect(parseHourlyPrice('--price', '0.5260')).toBe(0.526)
})

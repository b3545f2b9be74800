import { expect, test } from 'vitest'
import { formatDollars, formatRate, formatSeconds } from '../../../../worker/client/contact-sheet/amounts.ts'

test.each([
  [0, '0.00 s'],
  [0.994, '0.99 s'],
  [0.999, '1.0 s'],
  [9.98, '10.0 s'],
  [59.94, '59.9 s'],
  [59.96, '1 min 00 s'],
  [125, '2 min 05 s'],
  [3599.6, '1 h 00 min'],
  [12_000, '3 h 20 min'],
])('%d seconds are printed as %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text)
})

test.each([
  [0, '$0'],
  [12.4, '$12.40'],
  [0.999, '$1.00'],
  [0.0371, '$0.037'],
  [0.000123, '$0.00012'],
  [1e-9, '$0.000000'],
])('%d dollars are printed as %s', (dollars, text) => {
  expect(formatDollars(dollars)).toBe(text)
})

test.each([
  [1234.6, '1,235'],
  [40.42, '40.4'],
])('%d clips an hour are printed as %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text)
})

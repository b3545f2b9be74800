import { describe, expect, test } from 'vitest'
import { msPerUnit, secondsLeft } from '../../shared/pace.ts'

describe('the pace between two marks', () => {
  test('is the time of a unit', () => {
    expect(msPerUnit({ done: 2, atMs: 10_000 }, { done: 5, atMs: 16_000 })).toBe(2_000)
  })

  test('is unknown where nothing was done between them', () => {
    expect(msPerUnit({ done: 2, atMs: 10_000 }, { done: 2, atMs: 16_000 })).toBeNull()
  })
})

test.each([
  ['is that of the units', 4, 0, 240],
  ['runs down while a unit is being done', 4, 20_000, 220],
  ['does not run down to the end of later units where one is late', 4, 600_000, 180],
  ['is a second at least, because a late unit is not done', 1, 600_000, 1],
  ['does not grow where the clock of the mark is ahead', 4, -5_000, 240],
])('the time left %s', (_, left, sinceMs, expected) => {
  expect(secondsLeft({ left, msPerUnit: 60_000, sinceMs })).toBe(expected)
})

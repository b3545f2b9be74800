import { describe, expect, test } from 'vitest'
import { batchSecondsLeft } from '../../../../worker/client/batches/batch-pace.ts'

const START_MS = Date.UTC(2026, 10, 30, 8)
const at = (seconds: number): Date => new Date(START_MS + seconds * 1000)
const every = (seconds: number, count: number): readonly Date[] =>
  Array.from({ length: count }, (_, index) => at(seconds * index))

describe('the time left of a batch', () => {
  test('follows from the end times of its jobs in any order', () => {
    expect(batchSecondsLeft([at(60), at(0), at(120)], 5, at(120))).toBe(300)
  })

  test('follows from the latest fifty ends, because further workers may have started', () => {
    const slow = every(600, 10)
    const fast = Array.from({ length: 50 }, (_, index) => at(6_000 + 10 * index))
    expect(batchSecondsLeft([...slow, ...fast], 100, at(6_490))).toBe(1_000)
  })

  test.each([
    ['is unknown before two jobs have ended', [at(0)], 5, at(1), null],
    [
      'is unknown when no job has ended for ten minutes and ten durations of a clip',
      every(60, 3),
      5,
      at(121 + 600),
      null,
    ],
    ['decreases after the last end', every(600, 3), 5, at(1_200 + 540), 2_460],
    ['is known while a clip may still take that long', every(600, 3), 5, at(1_200 + 5_900), 2_400],
    ['is at least one second when the last clip is late', every(60, 3), 1, at(120 + 300), 1],
    ['is zero when no job is left', every(60, 3), 0, at(10_000), 0],
  ])('%s', (_, ends, left, now, expected) => {
    expect(batchSecondsLeft(ends, left, now)).toBe(expected)
  })
})

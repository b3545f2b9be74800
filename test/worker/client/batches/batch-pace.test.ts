import { describe, expect, test } from 'vitest'
import { batchSecondsLeft } from '../../../../worker/client/batches/batch-pace.ts'

const START_MS = Date.UTC(2026, 10, 30, 8)
const at = (seconds: number): Date => new Date(START_MS + seconds * 1000)
const every = (seconds: number, count: number): readonly Date[] =>
  Array.from({ length: count }, (_, index) => at(seconds * index))

describe('time left of a batch', () => {
  test('is that of its ends, whatever their order', () => {
    expect(batchSecondsLeft([at(60), at(0), at(120)], 5, at(120))).toBe(300)
  })

  test('follows the latest fifty: workers may have come meanwhile', () => {
    const slow = every(600, 10)
    const fast = Array.from({ length: 50 }, (_, index) => at(6_000 + 10 * index))
    expect(batchSecondsLeft([...slow, ...fast], 100, at(6_490))).toBe(1_000)
  })

  test.each([
    ['is none before two have ended', [at(0)], 5, at(1), null],
    ['is none where nothing has ended for ten minutes and ten clips', every(60, 3), 5, at(121 + 600), null],
    ['runs down from the last end on', every(600, 3), 5, at(1_200 + 540), 2_460],
    ['goes on while a clip may take that long', every(600, 3), 5, at(1_200 + 5_900), 2_400],
    ['is a second where the last clip is late', every(60, 3), 1, at(120 + 300), 1],
    ['is zero at the end', every(60, 3), 0, at(10_000), 0],
  ])('%s', (_, ends, left, now, expected) => {
    expect(batchSecondsLeft(ends, left, now)).toBe(expected)
  })
})

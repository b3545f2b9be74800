import { describe, expect, test } from 'vitest'
import type { CountedRange } from '../../../shared/contracts/index-counts.ts'
import { gapsOf, withoutTime, withRange } from '../../../shared/job-index/counted-ranges.ts'

const at = (hour: number): string => `2026-11-30T${String(hour).padStart(2, '0')}:00:00.000Z`
const range = (since: number | null, until: number): CountedRange => ({
  since: since === null ? null : at(since),
  until: at(until),
  jobs: 5,
  counted_at: at(23),
})
const hours = (ranges: readonly CountedRange[]) =>
  gapsOf(ranges).map(({ since, until }) => [since?.getUTCHours() ?? null, until?.getUTCHours() ?? null])

describe('the ranges that are not counted yet', () => {
  test.each([
    { name: 'are everything when no range is counted', ranges: [], gaps: [[null, null]] },
    { name: 'are what came after the counted range', ranges: [range(null, 3)], gaps: [[3, null]] },
    {
      name: 'are what is older than the oldest range and newer than the newest',
      ranges: [range(3, 5), range(1, 3)],
      gaps: [
        [5, null],
        [null, 1],
      ],
    },
    {
      name: 'are the gaps between ranges',
      ranges: [range(7, 8), range(4, 5), range(null, 4)],
      gaps: [
        [8, null],
        [5, 7],
      ],
    },
  ])('$name', ({ ranges, gaps }) => {
    expect(hours(ranges)).toEqual(gaps)
  })
})

test('withRange inserts a range in the order of time', () => {
  const [old, middle, recent] = [range(null, 2), range(2, 4), range(4, 6)]
  expect(withRange([recent, old], middle)).toEqual([recent, middle, old])
  expect(withRange([], old)).toEqual([old])
})

test.each([
  { time: at(2), left: [range(null, 2)] },
  { time: '2026-11-30T03:59:59.999Z', left: [range(null, 2)] },
  { time: '2026-01-01T00:00:00.000Z', left: [range(2, 4)] },
  { time: at(4), left: [range(2, 4), range(null, 2)] },
])('a range includes its start and excludes its end: $time', ({ time, left }) => {
  expect(withoutTime([range(2, 4), range(null, 2)], new Date(time))).toEqual(left)
})

import type { CountedRange } from '../contracts/index-counts.ts'

/** A part of the index that is not counted: entries from `since` on and before `until`. */
export interface Gap {
  /** `null` if the part starts at the first entry. */
  readonly since: Date | null
  /** `null` if the part ends at the newest entry. */
  readonly until: Date | null
}

/** Parts outside of all ranges, the newest first. `ranges`: the newest first, none overlapping. */
export const gapsOf = (ranges: readonly CountedRange[]): readonly Gap[] => {
  const gaps: Gap[] = []
  /** Start of the oldest range that was checked, which ends the next gap; `null` before the first range. */
  let until: string | null = null
  for (const range of ranges) {
    if (until !== range.until)
      gaps.push({ since: new Date(range.until), until: until === null ? null : new Date(until) })
    if (range.since === null) return gaps
    until = range.since
  }
  return [...gaps, { since: null, until: until === null ? null : new Date(until) }]
}

/** With one that overlaps none of them. */
export const withRange = (ranges: readonly CountedRange[], range: CountedRange): readonly CountedRange[] =>
  [...ranges, range].toSorted((a, b) => (a.until < b.until ? 1 : -1))

const covers = ({ since, until }: CountedRange, time: Date): boolean => {
  const text = time.toISOString()
  return (since === null || since <= text) && text < until
}

/** The one that covers `time`. */
export const rangeCovering = (ranges: readonly CountedRange[], time: Date): CountedRange | null =>
  ranges.find((range) => covers(range, time)) ?? null

/** Without the one that covers `time`. */
export const withoutTime = (ranges: readonly CountedRange[], time: Date): readonly CountedRange[] =>
  ranges.filter((range) => !covers(range, time))

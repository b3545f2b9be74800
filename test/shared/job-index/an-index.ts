import type { CountedKind, EndedKind } from '../../../shared/contracts/index-entry.ts'
import { countEntries } from '../../../shared/job-index/count-entries.ts'
import { readCounts } from '../../../shared/job-index/index-counts-store.ts'
import { forgetEnded, noteEnded, noteQueued } from '../../../shared/job-index/write-entries.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const START_MS = Date.UTC(2026, 10, 30, 8)

export const jobIdOf = (number: number): string => number.toString(16).padStart(32, '0')

/** An index under a clock that a test moves. */
export const anIndex = (faults: Faults<StoreOperation> = {}) => {
  let nowMs = START_MS
  const store = openMemoryObjectStore({ now: () => nowMs, faults })
  const now = (): Date => new Date(nowMs)
  const ended = (number: number, finishedAt: Date, state: EndedKind = 'succeeded') => ({
    ...{ job_id: jobIdOf(number), state, finished_at: finishedAt.toISOString() },
  })
  return {
    store,
    now,
    pass(minutes: number) {
      nowMs += minutes * 60_000
    },
    /** Jobs that are queued a millisecond after one another, with an entry each. */
    async queueEach(first: number, count: number) {
      for (let i = 0; i < count; i++) {
        nowMs += 1
        await noteQueued(store, [jobIdOf(first + i)], now(), unaborted)
      }
    },
    queueTogether: (numbers: readonly number[]) => noteQueued(store, numbers.map(jobIdOf), now(), unaborted),
    end: (number: number, finishedAt = now(), state?: EndedKind) =>
      noteEnded(store, ended(number, finishedAt, state), now(), unaborted),
    forget: (number: number, finishedAt: Date, state?: EndedKind) =>
      forgetEnded(store, ended(number, finishedAt, state), unaborted),
    count: () => countEntries(store, now(), unaborted),
    /** The counted ranges, the newest first. */
    counted: async (kind: CountedKind) =>
      (await readCounts(store, unaborted)).counts.counted[kind].map(({ jobs }) => jobs),
  }
}

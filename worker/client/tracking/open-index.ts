import { ENDED_KINDS, type IndexEntry, type IndexKind } from '../../../shared/contracts/index-entry.ts'
import { jobIdsOf, LIST_PAGE_ENTRIES, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

/** A job by its newest entry. */
export interface IndexedJob {
  readonly jobId: string
  readonly kind: IndexKind
  readonly time: Date
}

/** The index of an output bucket, each part of which is listed once however often it is read. */
export interface JobIndex {
  /** Entries of a kind, the newest first. */
  entries(kind: IndexKind): AsyncGenerator<IndexEntry>
  /** Jobs of these kinds, the one that changed last first, each once. */
  newestJobs(kinds: readonly IndexKind[]): AsyncGenerator<IndexedJob>
  /** Requests that were made so far, about. */
  requests(): number
}

/** An end comes before what led to it, where both are of one moment. */
const NEWEST_FIRST: readonly IndexKind[] = [...ENDED_KINDS, 'changed', 'queued']

/** Generators that each yield all values of `source`, which is read only once. */
const replayable = <T>(source: AsyncGenerator<T>): (() => AsyncGenerator<T>) => {
  const seen: T[] = []
  return async function* () {
    for (let place = 0; ; place++) {
      while (place >= seen.length) {
        const next = await source.next()
        if (next.done) {
          if (place >= seen.length) return
        } else seen.push(next.value)
      }
      yield seen[place] as T
    }
  }
}

export const openIndex = (outputs: ObjectStore, signal: AbortSignal): JobIndex => {
  let requests = 0

  async function* counted(kind: IndexKind): AsyncGenerator<IndexEntry> {
    let entries = 0
    for await (const entry of listEntries(outputs, kind, signal)) {
      if (entries % LIST_PAGE_ENTRIES === 0) requests += 1
      entries += 1
      yield entry
    }
  }

  const listed = Object.fromEntries(NEWEST_FIRST.map((kind) => [kind, replayable(counted(kind))])) as Record<
    IndexKind,
    () => AsyncGenerator<IndexEntry>
  >

  async function* merged(kinds: readonly IndexKind[]): AsyncGenerator<IndexEntry> {
    const sources = NEWEST_FIRST.filter((kind) => kinds.includes(kind)).map((kind) => listed[kind]())
    const heads: IteratorResult<IndexEntry>[] = []
    for (const source of sources) heads.push(await source.next())
    for (;;) {
      let newest = -1
      for (const [place, head] of heads.entries()) {
        if (head.done) continue
        const best = heads[newest]
        if (best === undefined || best.done || head.value.time > best.value.time) newest = place
      }
      const head = heads[newest]
      const source = sources[newest]
      if (head === undefined || head.done || source === undefined) return
      yield head.value
      heads[newest] = await source.next()
    }
  }

  return {
    requests: () => requests,
    entries: (kind) => listed[kind](),
    async *newestJobs(kinds) {
      const seen = new Set<string>()
      for await (const entry of merged(kinds)) {
        if (entry.jobId === null) requests += 1
        for (const jobId of await jobIdsOf(outputs, entry, signal)) {
          if (seen.has(jobId)) continue
          seen.add(jobId)
          yield { jobId, kind: entry.kind, time: entry.time }
        }
      }
    },
  }
}

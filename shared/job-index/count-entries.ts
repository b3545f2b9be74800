import type { CountedRange } from '../contracts/index-counts.ts'
import { COUNTED_KINDS, type CountedKind, type IndexEntry } from '../contracts/index-entry.ts'
import { inLanes } from '../in-lanes.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type Gap, gapsOf, withRange } from './counted-ranges.ts'
import { readCounts, writeCounts } from './index-counts-store.ts'
import { jobIdsOf, LIST_PAGE_ENTRIES, listEntries } from './list-entries.ts'

/*
 * Listing costs a request for each thousand entries. Old parts of the index are therefore counted once, and readers list
 * what is left: the last minutes, and less than a thousand entries before them.
 *
 *   oldest ──────────────────────────────────────────────────────────────▶ newest
 *   │ range: 1,204 jobs │ range: 1,037 jobs │ fewer than 1,000 entries │ 20 minutes │
 *
 * An entry may come later than its time, from a clock that is behind or a worker that was interrupted. A worker whose clock
 * is off by more than MAX_CLOCK_SKEW_MS takes no job, and the writer of an entry that is older than ON_TIME_MS
 * uncounts the range that it belongs to (write-entries.ts). Together they have less than UNSETTLED_MS.
 */

/** Entries that are newer may not be complete. */
export const UNSETTLED_MS = 20 * 60_000
/** Between the clocks of S3 and of those who write the index. */
export const MAX_CLOCK_SKEW_MS = 5 * 60_000
/** An entry that is written within that time of its own needs no more. */
export const ON_TIME_MS = 3 * 60_000

/** Entries that one call counts of a kind: some seconds of requests. The next one goes on. */
const MOST_ENTRIES = 5_000
const LANES = 16

/** The newest entries of a part, all of them or some thousand. */
const newestOf = async (
  store: ObjectStore,
  kind: CountedKind,
  part: Gap,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly IndexEntry[]; readonly since: Date | null }> => {
  const entries: IndexEntry[] = []
  for await (const entry of listEntries(store, kind, signal, part)) {
    const last = entries.at(-1)
    // Entries of one moment stay together.
    if (last !== undefined && entries.length >= MOST_ENTRIES && entry.time < last.time) {
      return { entries, since: last.time }
    }
    entries.push(entry)
  }
  return { entries, since: part.since }
}

/**
 * Time within which a queued job counts once, even if it has two entries. If a run of ingest ended midway, the next
 * run for the event, ten minutes later, may enter a job again. Ended jobs have one entry each, because their time is
 * in the record.
 */
export const ENTERED_TWICE_WITHIN_MS = 60 * 60_000

const before = (time: Date, ms: number): Date => new Date(time.getTime() - ms)

/** Entries before a part that may be of the same jobs. */
const entriesBefore = async (
  store: ObjectStore,
  kind: CountedKind,
  since: Date | null,
  signal: AbortSignal,
): Promise<readonly IndexEntry[]> => {
  if (kind !== 'queued' || since === null) return []
  const earlier = { since: before(since, ENTERED_TWICE_WITHIN_MS), until: since }
  return await Array.fromAsync(listEntries(store, kind, signal, earlier))
}

const idsOf = async (
  store: ObjectStore,
  entries: readonly IndexEntry[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> =>
  new Set((await inLanes(entries, LANES, (entry) => jobIdsOf(store, entry, signal))).flat())

/** A job that has two entries counts with the first. */
const countJobs = async (
  store: ObjectStore,
  entries: readonly IndexEntry[],
  earlier: readonly IndexEntry[],
  signal: AbortSignal,
): Promise<number> => {
  const countedBefore = await idsOf(store, earlier, signal)
  return [...(await idsOf(store, entries, signal))].filter((jobId) => !countedBefore.has(jobId)).length
}

/** The ranges with what can be counted, or the same if there is too little. */
const countKind = async (
  store: ObjectStore,
  kind: CountedKind,
  ranges: readonly CountedRange[],
  { now, leastEntries }: { readonly now: Date; readonly leastEntries: number },
  signal: AbortSignal,
): Promise<readonly CountedRange[]> => {
  const settledUntil = before(now, UNSETTLED_MS)
  let counted = ranges
  for (const gap of gapsOf(ranges)) {
    const until = gap.until ?? settledUntil
    if (gap.since !== null && until <= gap.since) continue
    const { entries, since } = await newestOf(store, kind, { since: gap.since, until }, signal)
    if (gap.until === null && entries.length < leastEntries) continue
    const jobs = await countJobs(store, entries, await entriesBefore(store, kind, since, signal), signal)
    counted = withRange(counted, {
      ...{ since: since?.toISOString() ?? null, until: until.toISOString(), jobs },
      counted_at: now.toISOString(),
    })
  }
  return counted
}

/**
 * Counts old entries that nobody has counted. False: others wrote the counts meanwhile, so that nothing changed.
 * `leastEntries`: fewer new ones are left to readers; default: as many as S3 lists with a request. Throws where the store
 * fails.
 */
export const countEntries = async (
  store: ObjectStore,
  now: Date,
  signal: AbortSignal,
  { leastEntries = LIST_PAGE_ENTRIES }: { readonly leastEntries?: number } = {},
): Promise<boolean> => {
  // Read before the listing, because a writer that uncounts meanwhile changes this ETag.
  const stored = await readCounts(store, signal)
  const { counted } = stored.counts
  const kinds = await Promise.all(
    COUNTED_KINDS.map((kind) => countKind(store, kind, counted[kind], { now, leastEntries }, signal)),
  )
  if (COUNTED_KINDS.every((kind, index) => kinds[index] === counted[kind])) return true
  const entries = COUNTED_KINDS.map((kind, index) => [kind, kinds[index] ?? counted[kind]] as const)
  return await writeCounts(store, stored, { ...counted, ...Object.fromEntries(entries) }, signal)
}

/** One job of 256 has entries counted when it is queued, and when it ends. */
const SHARE = /^00/

/** Counts if one of the jobs is in the sample, `SHARE`. Never throws: readers list what is not counted. */
export const countIfSampled = async (
  store: ObjectStore,
  jobIds: readonly string[],
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  if (!jobIds.some((jobId) => SHARE.test(jobId))) return
  await countEntries(store, now, signal).catch(() => {})
}

import { createHash } from 'node:crypto'
import { type EndedKind, entryKey, entryKeyOfSeveral } from '../contracts/index-entry.ts'
import { encodeCompactRecord, RECORD_OPTIONS } from '../contracts/record-bytes.ts'
import { inLanes } from '../in-lanes.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { ON_TIME_MS } from './count-entries.ts'
import { uncount, uncountUnlessCounted } from './uncount.ts'

/** The SDK opens at most 50 connections to a host. */
const LANES = 32
const NOTHING = new Uint8Array(0)
const ENTRY_OPTIONS = { contentType: 'text/plain' } as const

/** Fields of a result record that its index entry is made from. */
export interface IndexedEnd {
  readonly job_id: string
  readonly state: EndedKind
  /** ISO 8601. */
  readonly finished_at: string
}

/** Enters jobs whose message was sent for the first time. */
export const noteQueued = async (
  store: ObjectStore,
  jobIds: readonly string[],
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  const [only] = jobIds
  if (only === undefined) return
  if (jobIds.length === 1) {
    await store.create(entryKey('queued', now, only), NOTHING, ENTRY_OPTIONS, signal)
    return
  }
  const bytes = encodeCompactRecord(jobIds)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  await store.create(entryKeyOfSeveral(now, digest, jobIds.length), bytes, RECORD_OPTIONS, signal)
}

/** Enters a job that has changed and that is not done. */
export const noteChanged = async (
  store: ObjectStore,
  jobId: string,
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  await store.create(entryKey('changed', now, jobId), NOTHING, ENTRY_OPTIONS, signal)
}

/**
 * Changes entries whose ranges may be counted already. The ranges are uncounted before, because a crash may follow the
 * change, and after, because a count may have begun in between.
 */
const whileUncounted = async (
  store: ObjectStore,
  jobs: readonly IndexedEnd[],
  signal: AbortSignal,
  change: () => Promise<unknown>,
): Promise<void> => {
  const uncountAll = () =>
    Promise.all(jobs.map(({ state, finished_at }) => uncount(store, state, new Date(finished_at), signal)))
  await uncountAll()
  await change()
  await uncountAll()
}

const endedKey = ({ state, finished_at, job_id }: IndexedEnd): string =>
  entryKey(state, new Date(finished_at), job_id)

/** Enters a job that has a result record. Of one record there is one entry, however often this is called. */
export const noteEnded = async (
  store: ObjectStore,
  job: IndexedEnd,
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  const key = endedKey(job)
  const create = (): Promise<boolean> => store.create(key, NOTHING, ENTRY_OPTIONS, signal)
  const time = new Date(job.finished_at)
  if (now.getTime() - time.getTime() <= ON_TIME_MS) {
    await create()
    return
  }
  const entry = await store.head(key, signal)
  if (entry === null) await whileUncounted(store, [job], signal, create)
  else await uncountUnlessCounted(store, job.state, { time, createdAt: entry.lastModified }, now, signal)
}

/** Removes the entries of result records that are about to go, or are gone. */
export const forgetAllEnded = async (
  store: ObjectStore,
  jobs: readonly IndexedEnd[],
  signal: AbortSignal,
): Promise<void> =>
  await whileUncounted(store, jobs, signal, () =>
    inLanes(jobs, LANES, (job) => store.delete(endedKey(job), signal)),
  )

/** Removes the entry of a result record that is about to go, or is gone. */
export const forgetEnded = async (store: ObjectStore, job: IndexedEnd, signal: AbortSignal): Promise<void> =>
  await forgetAllEnded(store, [job], signal)

import { createHash } from 'node:crypto'
import { type EndedKind, entryKey, entryKeyOfSeveral } from '../contracts/index-entry.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { ON_TIME_MS } from './count-entries.ts'
import { withoutTime } from './counted-ranges.ts'
import { readCounts, writeCounts } from './index-counts-store.ts'

const NOTHING = new Uint8Array(0)
const ENTRY_OPTIONS = { contentType: 'text/plain' } as const
const IDS_OPTIONS = { contentType: 'application/json' } as const

/** Others uncount or count at the same moment; more conflicts than that are no accident. */
const ATTEMPTS = 10

/** What a result record tells the index. */
export interface EndedJob {
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
  const bytes = new TextEncoder().encode(JSON.stringify(jobIds))
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  await store.create(entryKeyOfSeveral(now, digest, jobIds.length), bytes, IDS_OPTIONS, signal)
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

/** The range of that time is to be counted again. Also ends a count that is under way, which may lack it. */
const uncount = async (
  store: ObjectStore,
  kind: EndedKind,
  time: Date,
  signal: AbortSignal,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await readCounts(store, signal)
    const { counted } = stored.counts
    const changed = { ...counted, [kind]: withoutTime(counted[kind], time) }
    if (await writeCounts(store, stored, changed, signal)) return
  }
  throw new Error(`the counts of the index were written by others ${ATTEMPTS} times in a row`)
}

/** Before the change, because a crash may follow it; and after it, because of a count that was under way. */
const whileUncounted = async (
  store: ObjectStore,
  { state, finished_at }: EndedJob,
  signal: AbortSignal,
  change: () => Promise<unknown>,
): Promise<void> => {
  await uncount(store, state, new Date(finished_at), signal)
  await change()
  await uncount(store, state, new Date(finished_at), signal)
}

const endedKey = ({ state, finished_at, job_id }: EndedJob): string =>
  entryKey(state, new Date(finished_at), job_id)

/** Enters a job that has a result record. Of one record there is one entry, however often this is called. */
export const noteEnded = async (
  store: ObjectStore,
  job: EndedJob,
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  const key = endedKey(job)
  const create = (): Promise<boolean> => store.create(key, NOTHING, ENTRY_OPTIONS, signal)
  if (now.getTime() - Date.parse(job.finished_at) <= ON_TIME_MS) await create()
  else if ((await store.head(key, signal)) === null) await whileUncounted(store, job, signal, create)
}

/** Removes the entry of a result record that is not there any more. */
export const forgetEnded = async (store: ObjectStore, job: EndedJob, signal: AbortSignal): Promise<void> =>
  await whileUncounted(store, job, signal, () => store.delete(endedKey(job), signal))

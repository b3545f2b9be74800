import { ENDED_KINDS, INDEX_KINDS, type IndexKind } from '../../../shared/contracts/index-entry.ts'
import { isResultState } from '../../../shared/contracts/result-record.ts'
import type { JobState } from '../../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { isDone, type JobStatus } from './job-status.ts'
import type { JobTotals } from './job-totals.ts'
import type { JobIndex } from './open-index.ts'
import { readJobStatuses } from './read-job-statuses.ts'

/** Some jobs of the index, the one that changed last first. */
export interface IndexedPage {
  readonly jobIds: readonly string[]
  /** Statuses of the jobs, where their records had to be read already. */
  readonly statuses?: readonly JobStatus[]
  /** Count of jobs beyond these; `null` if there may be some, which were not counted. */
  readonly left: number | null
  /** Whether the search ended before the oldest jobs, because none of thousands of others was one of these. */
  readonly endedEarly?: true
}

/** The first of so many jobs. No more is listed than they need. */
const firstOf = async (
  jobIds: AsyncIterable<string>,
  { limit, total }: { readonly limit: number; readonly total: number },
): Promise<IndexedPage> => {
  const first: string[] = []
  for await (const jobId of jobIds) {
    first.push(jobId)
    if (first.length === limit) break
  }
  return { jobIds: first, left: Math.max(0, total - first.length) }
}

async function* idsOf(index: JobIndex, kinds: readonly IndexKind[]): AsyncGenerator<string> {
  for await (const { jobId } of index.newestJobs(kinds)) yield jobId
}

/** The newest of all jobs. */
export const newestPage = (index: JobIndex, totals: JobTotals, limit: number): Promise<IndexedPage> =>
  firstOf(idsOf(index, INDEX_KINDS), { limit, total: totals.jobs })

/** Jobs that changed at `since` or later: they were queued, a worker had them for some seconds, or they ended. */
export const pageSince = async (index: JobIndex, since: Date, limit: number): Promise<IndexedPage> => {
  const jobIds: string[] = []
  for await (const { jobId, time } of index.newestJobs(INDEX_KINDS)) {
    if (time < since) break
    if (jobIds.length === limit) return { jobIds, left: null }
    jobIds.push(jobId)
  }
  return { jobIds, left: 0 }
}

/**
 * Jobs of the newest entries, which are searched for open ones whatever the totals say: a job that ended and whose message
 * another program sent is missing in them.
 */
const ALWAYS_SEARCHED_JOBS = 1_000
/** Requests for entries after the last open job, at which a search ends. */
const FRUITLESS_REQUESTS = 10
/** Jobs whose records are read at once. */
const PIECE_JOBS = 100
const LEAST_PIECE_JOBS = 4

interface FoundJobs {
  readonly jobIds: readonly string[]
  /** Statuses of the jobs that have a record. */
  readonly statuses: readonly JobStatus[]
  readonly isComplete: boolean
}

interface OpenSearch {
  /** State of the jobs to find; `null` for any state that is not an end. */
  readonly state: JobState | null
  readonly limit: number
  readonly notDone: number
}

/**
 * Jobs that are not done. Their newest entry is no end, and their records say so too: a worker may have written an entry of
 * a job in work after its end. Searches until it has found `limit`, or all that the totals tell of; where these are
 * older than thousands of others, it ends before.
 */
const searchOpen = async (
  outputs: ObjectStore,
  index: JobIndex,
  { state, limit, notDone }: OpenSearch,
  signal: AbortSignal,
): Promise<FoundJobs> => {
  // Fewer jobs have an entry of being in work than of being queued.
  const kinds: readonly IndexKind[] =
    state === null || state === 'queued' ? INDEX_KINDS : [...ENDED_KINDS, 'changed']
  const jobIds: string[] = []
  const statuses: JobStatus[] = []
  let open = 0
  let searched = 0
  let requestsAtLast = index.requests()
  let unread: string[] = []
  const readRecords = async (): Promise<void> => {
    const found = await readJobStatuses(outputs, unread, signal)
    const others = new Set(found.filter((one) => isDone(one)).map((one) => one.jobId))
    open += unread.length - others.size
    for (const one of found) if (state !== null && one.state !== state) others.add(one.jobId)
    const isRecorded = new Set(found.map((one) => one.jobId))
    // A job whose record is not written yet is open, in an unknown state.
    jobIds.push(...unread.filter((id) => !others.has(id) && (state === null || isRecorded.has(id))))
    statuses.push(...found.filter((one) => !others.has(one.jobId)))
    unread = []
  }
  for await (const { jobId, kind } of index.newestJobs(kinds)) {
    searched += 1
    if (!isResultState(kind)) {
      if (jobIds.length >= limit) return { jobIds, statuses, isComplete: false }
      unread.push(jobId)
      requestsAtLast = index.requests()
      const piece = Math.min(PIECE_JOBS, Math.max(limit - jobIds.length, LEAST_PIECE_JOBS))
      if (unread.length >= piece) await readRecords()
    }
    const mayBeMore = open + unread.length < notDone || searched < ALWAYS_SEARCHED_JOBS
    if (!mayBeMore) break
    if (index.requests() - requestsAtLast > FRUITLESS_REQUESTS) {
      await readRecords()
      return { jobIds, statuses, isComplete: false }
    }
  }
  await readRecords()
  return { jobIds, statuses, isComplete: true }
}

const pageOfOpen = async (
  outputs: ObjectStore,
  index: JobIndex,
  search: OpenSearch,
  signal: AbortSignal,
): Promise<IndexedPage> => {
  const found = await searchOpen(outputs, index, search, signal)
  const jobIds = found.jobIds.slice(0, search.limit)
  const shown = new Set(jobIds)
  const statuses = found.statuses.filter(({ jobId }) => shown.has(jobId))
  if (found.isComplete) return { jobIds, statuses, left: found.jobIds.length - jobIds.length }
  return { jobIds, statuses, left: null, ...(jobIds.length < search.limit && { endedEarly: true }) }
}

/** The newest jobs that are not done. */
export const openPage = async (
  outputs: ObjectStore,
  index: JobIndex,
  { limit, totals: { notDone } }: { readonly limit: number; readonly totals: JobTotals },
  signal: AbortSignal,
): Promise<IndexedPage> => {
  const page = await pageOfOpen(outputs, index, { state: null, limit, notDone }, signal)
  const isFull = page.jobIds.length === limit && page.left === null
  return isFull ? { ...page, left: Math.max(1, notDone - limit) } : page
}

/** The newest jobs in a state. */
export const pageOfState = async (
  outputs: ObjectStore,
  index: JobIndex,
  { state, limit, totals }: { readonly state: JobState; readonly limit: number; readonly totals: JobTotals },
  signal: AbortSignal,
): Promise<IndexedPage> =>
  isResultState(state)
    ? await firstOf(idsOf(index, [state]), { limit, total: totals[state] })
    : await pageOfOpen(outputs, index, { state, limit, notDone: totals.notDone }, signal)

import { ENDED_KINDS, INDEX_KINDS, type IndexKind } from '../../shared/contracts/index-entry.ts'
import { isResultState } from '../../shared/contracts/result-record.ts'
import type { JobState } from '../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { JobStanding } from './job-standing.ts'
import type { JobTotals } from './job-totals.ts'
import type { JobIndex } from './open-index.ts'
import { readStandings } from './read-standings.ts'

/** Some jobs of the index, the one that changed last first. */
export interface IndexedPage {
  readonly jobIds: readonly string[]
  /** How they stand, where their records had to be read already. */
  readonly standings?: readonly JobStanding[]
  /** Jobs beyond these; `null`: there are some, and nobody counted them. */
  readonly left: number | null
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

/** All that there are. */
export const newestPage = (index: JobIndex, totals: JobTotals, limit: number): Promise<IndexedPage> =>
  firstOf(idsOf(index, INDEX_KINDS), { limit, total: totals.jobs })

/** Those that changed at `since` or later: they were queued, a worker had them for some seconds, or they ended. */
export const pageSince = async (index: JobIndex, since: Date, limit: number): Promise<IndexedPage> => {
  const jobIds: string[] = []
  let left = 0
  for await (const { jobId, time } of index.newestJobs(INDEX_KINDS)) {
    if (time < since) break
    if (jobIds.length < limit) jobIds.push(jobId)
    else left += 1
  }
  return { jobIds, left }
}

/**
 * Ids of jobs whose newest entry is no end. `begun`: of those alone that a worker has had for some seconds, which are
 * fewer.
 */
async function* openJobs(index: JobIndex, begun: boolean): AsyncGenerator<string> {
  const kinds: readonly IndexKind[] = begun ? [...ENDED_KINDS, 'changed'] : INDEX_KINDS
  for await (const { jobId, kind } of index.newestJobs(kinds)) if (!isResultState(kind)) yield jobId
}

/** All that are not done. Reads no records. */
export const openPage = async (index: JobIndex, totals: JobTotals, limit: number): Promise<IndexedPage> => {
  const total = totals.notDone
  // All others need not be listed.
  return total === 0
    ? { jobIds: [], left: 0 }
    : await firstOf(openJobs(index, false), { limit: Math.min(limit, total), total })
}

/** Those in a state that is no end: found by their records, of which as many are read as it takes. */
const pageOfOpenState = async (
  outputs: ObjectStore,
  index: JobIndex,
  { state, limit }: { readonly state: JobState; readonly limit: number },
  signal: AbortSignal,
): Promise<IndexedPage> => {
  const found: JobStanding[] = []
  const page = (left: number | null): IndexedPage => {
    const standings = found.slice(0, limit)
    return { jobIds: standings.map(({ jobId }) => jobId), standings, left }
  }
  let unread: string[] = []
  const readThem = async (): Promise<void> => {
    const standings = await readStandings(outputs, unread, signal)
    unread = []
    found.push(...standings.filter((standing) => standing.state === state))
  }
  for await (const jobId of openJobs(index, state !== 'queued')) {
    if (found.length >= limit) return page(null)
    unread.push(jobId)
    if (unread.length === limit) await readThem()
  }
  await readThem()
  return page(found.length > limit ? null : 0)
}

/** Those in a state. */
export const pageOfState = async (
  outputs: ObjectStore,
  index: JobIndex,
  { state, limit, totals }: { readonly state: JobState; readonly limit: number; readonly totals: JobTotals },
  signal: AbortSignal,
): Promise<IndexedPage> => {
  return isResultState(state)
    ? await firstOf(idsOf(index, [state]), { limit, total: totals[state] })
    : await pageOfOpenState(outputs, index, { state, limit }, signal)
}

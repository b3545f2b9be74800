import { isDeepStrictEqual } from 'node:util'
import { ENDED_KINDS, INDEX_KINDS, type IndexKind } from '../../../../shared/contracts/index-entry.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import { countEntries } from '../../../../shared/job-index/count-entries.ts'
import { type JobTotals, readJobTotals } from '../../../../worker/client/tracking/job-totals.ts'
import { type JobIndex, openIndex } from '../../../../worker/client/tracking/open-index.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const idsOf = async (index: JobIndex, kinds: readonly IndexKind[]): Promise<readonly string[]> =>
  (await Array.fromAsync(index.newestJobs(kinds))).map(({ jobId }) => jobId).toSorted()

/** Entries of jobs that ended, with duplicates. */
const endedEntries = async (index: JobIndex): Promise<readonly string[]> => {
  const entries = await Promise.all(ENDED_KINDS.map((kind) => Array.fromAsync(index.entries(kind))))
  return entries
    .flat()
    .map(({ kind, jobId, time }) => `${jobId} ${kind} ${time.toISOString()}`)
    .toSorted()
}

const lacking = (what: string, found: readonly string[], expected: readonly string[]): string[] =>
  expected.filter((one) => !found.includes(one)).map((one) => `${what} lacks ${one}`)

const unknown = (what: string, found: readonly string[], expected: readonly string[]): string[] =>
  found.filter((one) => !expected.includes(one)).map((one) => `${what} has ${one}, and no record says so`)

export interface EndedJobs {
  readonly results: readonly ResultRecord[]
  /**
   * Ids that a report names and whose first order was of its upload. A run of ingest that ended midway may have queued
   * others, whose upload asks for another job now.
   */
  readonly reported: readonly string[]
  readonly now: Date
}

/** Differences between the index and the records when all jobs have ended. */
export const faultsOfIndex = async (
  store: MemoryObjectStore,
  { results, reported, now }: EndedJobs,
): Promise<readonly string[]> => {
  // A count may have been interrupted. This one completes it.
  await countEntries(store, now, unaborted, { leastEntries: 1 })
  const index = openIndex(store, unaborted)
  const totals = await readJobTotals(store, index, unaborted)
  const jobIds = results.map(({ job_id }) => job_id)
  const queued = await idsOf(index, ['queued'])
  const changed = await idsOf(index, INDEX_KINDS)
  const ended = await endedEntries(index)
  const endedByRecords = results.map(({ job_id, state, finished_at }) => `${job_id} ${state} ${finished_at}`)
  const countOf = (state: ResultRecord['state']): number =>
    results.filter((one) => one.state === state).length
  const expected: JobTotals = {
    ...{ jobs: jobIds.length, notDone: 0, succeeded: countOf('succeeded') },
    ...{ failed: countOf('failed'), cancelled: countOf('cancelled') },
  }
  return [
    ...lacking('the index', queued, reported),
    ...unknown('the index', queued, jobIds),
    ...lacking('the index of changes', changed, jobIds),
    ...unknown('the index of changes', changed, jobIds),
    ...lacking('the index of ends', ended, endedByRecords),
    ...unknown('the index of ends', ended, endedByRecords),
    ...(isDeepStrictEqual(totals, expected)
      ? []
      : [`the index counts ${JSON.stringify(totals)}, and there are ${JSON.stringify(expected)}`]),
  ]
}

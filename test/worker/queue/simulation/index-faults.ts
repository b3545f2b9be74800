import { ENDED_KINDS, INDEX_KINDS, type IndexKind } from '../../../../shared/contracts/index-entry.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import { countEntries } from '../../../../shared/job-index/count-entries.ts'
import { readJobTotals } from '../../../../worker/tracking/job-totals.ts'
import { type JobIndex, openIndex } from '../../../../worker/tracking/open-index.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const idsOf = async (index: JobIndex, kinds: readonly IndexKind[]): Promise<readonly string[]> =>
  (await Array.fromAsync(index.newestJobs(kinds))).map(({ jobId }) => jobId).toSorted()

/** Entries of jobs that ended, one for each, as often as they are there. */
const endedEntries = async (index: JobIndex): Promise<readonly string[]> => {
  const entries = await Promise.all(ENDED_KINDS.map((kind) => Array.fromAsync(index.entries(kind))))
  return entries
    .flat()
    .map(({ kind, jobId, time }) => `${jobId} ${kind} ${time.toISOString()}`)
    .toSorted()
}

const differences = (what: string, found: readonly string[], expected: readonly string[]): string[] => [
  ...expected.filter((one) => !found.includes(one)).map((one) => `${what} lacks ${one}`),
  ...found.filter((one) => !expected.includes(one)).map((one) => `${what} has ${one}, and no record says so`),
]

/**
 * Where the index does not say what the records say, when all jobs have ended. `jobIds`: of all jobs that were queued.
 */
export const faultsOfIndex = async (
  store: MemoryObjectStore,
  {
    jobIds,
    results,
    now,
  }: {
    readonly jobIds: readonly string[]
    readonly results: readonly ResultRecord[]
    readonly now: Date
  },
): Promise<readonly string[]> => {
  // A count may have ended halfway; this one goes on.
  await countEntries(store, now, unaborted, { leastEntries: 1 })
  const index = openIndex(store, unaborted)
  const totals = await readJobTotals(store, index, unaborted)
  const countOf = (state: ResultRecord['state']): number =>
    results.filter((one) => one.state === state).length
  const expected = {
    ...{ jobs: jobIds.length, notDone: jobIds.length - results.length, succeeded: countOf('succeeded') },
    ...{ failed: countOf('failed'), cancelled: countOf('cancelled') },
  }
  const wrongTotals = Object.entries(expected).filter(
    ([name, count]) => totals[name as keyof typeof totals] !== count,
  )
  return [
    ...differences('the index', await idsOf(index, ['queued']), jobIds.toSorted()),
    ...differences('the index of changes', await idsOf(index, INDEX_KINDS), jobIds.toSorted()),
    ...differences(
      'the index of ends',
      await endedEntries(index),
      results.map(({ job_id, state, finished_at }) => `${job_id} ${state} ${finished_at}`),
    ),
    ...wrongTotals.map(
      ([name, count]) =>
        `the index counts ${totals[name as keyof typeof totals]} ${name}, and there are ${count}`,
    ),
  ]
}

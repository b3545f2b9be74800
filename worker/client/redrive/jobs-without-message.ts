import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { openIndex } from '../tracking/open-index.ts'
import { explainJobsLeft, type JobLeft } from './jobs-left.ts'
import { type RedriveFilter, searchesRecords } from './redrive-filter.ts'

/** Most jobs whose records are read to explain them. The others are counted by the index alone. */
const MOST_EXPLAINED = 20

export interface JobsWithoutMessage {
  /** Failed jobs that the redrive did not find, because they have no dead-letter message: the newest. */
  readonly explained: readonly JobLeft[]
  /** Count of further ones. */
  readonly more: number
}

/**
 * Finds failed jobs that a redrive by dead-letter messages alone has left: those of the index that it did not bring back,
 * and that the filter's time does not exclude. A filter for which records are searched leaves none of these.
 */
export const findJobsWithoutMessage = async (
  outputs: ObjectStore,
  redriven: ReadonlySet<string>,
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<JobsWithoutMessage> => {
  if (searchesRecords(filter)) return { explained: [], more: 0 }
  const { endedBefore } = filter
  const failed = await Array.fromAsync(openIndex(outputs, signal).newestJobs(['failed']))
  const others = failed
    .filter(({ jobId, time }) => !redriven.has(jobId) && (endedBefore === null || time < endedBefore))
    .map(({ jobId }) => jobId)
  const explained = await explainJobsLeft(outputs, others.slice(0, MOST_EXPLAINED), filter, signal)
  return {
    // The index may lag behind the records.
    explained: explained.filter(({ status }) => status?.state === 'failed'),
    more: Math.max(0, others.length - MOST_EXPLAINED),
  }
}

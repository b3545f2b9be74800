import type { CountedKind, EndedKind, IndexEntry } from '../../../shared/contracts/index-entry.ts'
import { gapsOf } from '../../../shared/job-index/counted-ranges.ts'
import { readCounts } from '../../../shared/job-index/index-counts-store.ts'
import { listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { JobIndex } from './open-index.ts'

/** Counts of the jobs of a bucket: all jobs, and those of each kind of end. */
export interface JobTotals extends Readonly<Record<EndedKind, number>> {
  readonly jobs: number
  /** Count of jobs that wait or that a worker has leased. */
  readonly notDone: number
}

/**
 * Jobs of entries. One that has two entries is counted once, and so are several that have two entries together, but for a
 * job that is in different entries of several.
 */
const jobsOf = async (entries: AsyncIterable<IndexEntry>, since: Date | null): Promise<number> => {
  const jobIds = new Set<string>()
  const together = new Map<string, number>()
  for await (const { jobId, digest, jobs, time } of entries) {
    if (since !== null && time < since) break
    if (jobId !== null) jobIds.add(jobId)
    else if (digest !== null) together.set(digest, jobs)
  }
  return jobIds.size + [...together.values()].reduce((sum, jobs) => sum + jobs, 0)
}

/** Sums the jobs of the ranges that are counted already and the jobs of the entries that have to be listed. */
export const readJobTotals = async (
  outputs: ObjectStore,
  index: JobIndex,
  signal: AbortSignal,
): Promise<JobTotals> => {
  const { counts } = await readCounts(outputs, signal)
  const totalOf = async (kind: CountedKind): Promise<number> => {
    const ranges = counts.counted[kind]
    let total = ranges.reduce((sum, { jobs }) => sum + jobs, 0)
    for (const gap of gapsOf(ranges)) {
      const entries = gap.until === null ? index.entries(kind) : listEntries(outputs, kind, signal, gap)
      total += await jobsOf(entries, gap.since)
    }
    return total
  }
  // One after the other: a page of a listing takes some megabytes while it is parsed.
  const queued = await totalOf('queued')
  const succeeded = await totalOf('succeeded')
  const failed = await totalOf('failed')
  const cancelled = await totalOf('cancelled')
  const done = succeeded + failed + cancelled
  // A job whose message another program sent has an end and no beginning.
  const jobs = Math.max(queued, done)
  return { jobs, notDone: jobs - done, succeeded, failed, cancelled }
}

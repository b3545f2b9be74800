import type { AcceptedJob } from '../../../shared/contracts/ingest-report.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import { jobIdsOf, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type JobStatus, readJobStatus } from '../tracking/job-status.ts'

/*
 * The same image, parameters and checkpoint are the same job, so a job of an upload may be known already. The
 * records of up to 100 jobs are read, with two S3 requests per job. With more jobs, the index first names the records to read:
 *
 *   ended before    the failed and the cancelled jobs of the index, one S3 request per 1,000 jobs; the others succeeded
 *   not ended       those that ingest queued since the upload are new, one S3 request per 100 jobs
 */

const MOST_READ = 100
const LANES = 16
/** Ingest's clock may be behind. A job that was queued so shortly before the upload counts as new. */
const CLOCK_ALLOWANCE_MS = 60_000

export interface JobsBefore {
  /** Count of jobs that had succeeded. */
  readonly succeeded: number
  readonly failed: readonly JobStatus[]
  readonly cancelled: readonly JobStatus[]
  /** Jobs that another upload ordered, and that wait or that a worker has. */
  readonly underway: readonly JobStatus[]
}

/** Those of `jobIds` that failed or were cancelled, by the index. */
const indexedAsUnsuccessful = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const unsuccessful = new Set<string>()
  for (const kind of ['failed', 'cancelled'] as const)
    for await (const { jobId } of listEntries(outputs, kind, signal))
      if (jobId !== null) unsuccessful.add(jobId)
  return jobIds.filter((jobId) => unsuccessful.has(jobId))
}

/** Those of `jobIds` that were not queued since `since`, by the index. */
const indexedAsOlder = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  since: Date,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const isNew = new Set<string>()
  const gap = { since: new Date(since.getTime() - CLOCK_ALLOWANCE_MS), until: null }
  for await (const entry of listEntries(outputs, 'queued', signal, gap))
    for (const jobId of await jobIdsOf(outputs, entry, signal)) isNew.add(jobId)
  return jobIds.filter((jobId) => !isNew.has(jobId))
}

export interface UploadsOfJobs {
  /** Keys of the uploads that the jobs are accepted from. */
  readonly keys: ReadonlySet<string>
  /** Time before the first of the uploads. */
  readonly since: Date
}

/** Finds what had become of accepted jobs before their uploads. */
export const findJobsBefore = async (
  outputs: ObjectStore,
  accepted: readonly AcceptedJob[],
  { keys, since }: UploadsOfJobs,
  signal: AbortSignal,
): Promise<JobsBefore> => {
  const idsOf = (doneBefore: boolean): readonly string[] =>
    accepted.flatMap(({ job_id, done_before }) => (done_before === doneBefore ? [job_id] : []))
  const [ended, open] = [idsOf(true), idsOf(false)]
  const read = async (jobIds: readonly string[]): Promise<readonly JobStatus[]> => {
    const statuses = await inLanes(jobIds, LANES, (jobId) => readJobStatus(outputs, jobId, signal))
    return statuses.filter((status) => status !== null)
  }
  const endedStatuses = await read(
    ended.length <= MOST_READ ? ended : await indexedAsUnsuccessful(outputs, ended, signal),
  )
  const openStatuses = await read(
    open.length <= MOST_READ ? open : await indexedAsOlder(outputs, open, since, signal),
  )
  // A report on the same upload keeps what it said the first time, so a job that was new then may have ended since.
  const endedSince = openStatuses.filter(
    ({ result }) => result !== null && new Date(result.finished_at) < since,
  )
  const known = [...endedStatuses, ...endedSince]
  const failed = known.filter(({ state }) => state === 'failed')
  const cancelled = known.filter(({ state }) => state === 'cancelled')
  // A job that was brought back since the report is open again.
  const reopened = endedStatuses.filter(({ result }) => result === null)
  const others = failed.length + cancelled.length + reopened.length
  return {
    succeeded: ended.length + endedSince.length - others,
    failed,
    cancelled,
    underway: [
      ...reopened,
      ...openStatuses.filter(({ result, origin }) => result === null && !keys.has(origin.key)),
    ],
  }
}

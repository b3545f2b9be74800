import { cancelKey, resultKey } from '../../shared/contracts/bucket-layout.ts'
import { type CancelRequester, requesterOf } from '../../shared/contracts/cancel-marker.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { forgetAllEnded, noteChanged } from '../../shared/job-index/write-entries.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { archiveResult } from '../../shared/records/archive-result.ts'
import { REQUESTS_AT_ONCE } from '../object-events.ts'

/*
 * How ingest takes back that it cancelled a job, because an upload orders the job now. What a person cancelled stays so
 * until `svd redrive --job`.
 *
 *   cancel/ID.json   result.json    then
 *   a person's       any            the job stays as it is
 *   ingest's         none           delete the marker: a worker that has not seen it renders the job
 *   ingest's, none   cancelled      archive the result, delete marker and result: the caller queues the job. A result
 *                                   that says so without a marker is of a request of ingest's that was taken back
 *
 * Where there is no result, a worker may have seen the marker and record the job as cancelled only after this. So the
 * caller has the event come again once a marker was deleted; the result is there by then. A result that is there is of the
 * worker that saw the marker, so nothing more is to be expected.
 *
 * Remaining races, each of a few milliseconds:
 *   - A person cancels the job between the reading and the deletion of a marker, and that request gets lost.
 *   - Two workers have messages of one job, and both saw the marker. Marker and result are deleted before the second worker
 *     records its own result, so the job ends as cancelled.
 *   - Two runs of ingest take back the same result, and the job is rendered anew before the slower one deletes: the new
 *     result gets lost, and the clip is rendered once more when it is ordered again.
 *   - Ingest dies between the deletion of the result and the sending of its message, and the worker could not write its last
 *     status either: the job ends as lost.
 */

const MAX_MARKER_BYTES = 1024 * 1024

/** Who asked for a job to be stopped; `null`: nobody. */
export const readRequester = async (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<CancelRequester | null> => {
  const marker = await output.read(cancelKey(jobId), { maxBytes: MAX_MARKER_BYTES }, signal)
  return marker === null ? null : requesterOf(marker.bytes)
}

/** Deletes ingest's own marker. Returns who had asked for the job to be stopped; `null`: nobody. */
export const withdrawCancel = async (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<CancelRequester | null> => {
  const requester = await readRequester(output, jobId, signal)
  if (requester === 'ingest') await output.delete(cancelKey(jobId), signal)
  return requester
}

/** Deletes ingest's own markers. Returns ids of the jobs that had one. */
export const withdrawCancels = async (
  output: ObjectStore,
  jobIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const requesters = await inLanes(jobIds, REQUESTS_AT_ONCE, (jobId) => withdrawCancel(output, jobId, signal))
  return jobIds.filter((_, index) => requesters[index] === 'ingest')
}

/** The result of a job that was cancelled, and not by a person. */
export interface CancelledResult {
  readonly record: ResultRecord
  readonly etag: string
  readonly bytes: Uint8Array
  /** Ingest's marker is there. */
  readonly isMarked: boolean
}

/** Puts results aside. The caller sends messages of the jobs, and then forgets the ends once more. */
export const setAsideCancelled = async (
  output: ObjectStore,
  results: readonly CancelledResult[],
  now: Date,
  signal: AbortSignal,
): Promise<void> => {
  await inLanes(results, REQUESTS_AT_ONCE, async ({ record: { job_id }, bytes, isMarked }) => {
    await archiveResult(output, job_id, bytes, signal)
    if (isMarked) await output.delete(cancelKey(job_id), signal)
  })
  // Before the deletion: what lies between that and the message is kept short. The caller forgets the ends once more
  // after the message, because a worker enters a record that it finds.
  await forgetAllEnded(
    output,
    results.map(({ record }) => record),
    signal,
  )
  await inLanes(results, REQUESTS_AT_ONCE, async ({ record: { job_id }, etag }) => {
    await noteChanged(output, job_id, now, signal)
    const there = await output.head(resultKey(job_id), signal)
    if (there?.etag === etag) await output.delete(resultKey(job_id), signal)
  })
}

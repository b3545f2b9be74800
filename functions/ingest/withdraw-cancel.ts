import { cancelKey, resultKey } from '../../shared/contracts/bucket-layout.ts'
import { requesterOf } from '../../shared/contracts/cancel-marker.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import { forgetEnded, noteChanged } from '../../shared/job-index/write-entries.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { archiveResult } from '../../shared/records/archive-result.ts'

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
 * A worker may have seen the marker and record the job as cancelled only after this. So the caller has the event come
 * again once a marker was deleted; the result is there by then.
 *
 * Remaining races, each of a few milliseconds: a person cancels the job between the reading and the deletion of a
 * marker, and that request gets lost. Two runs of ingest take back the same result, and the job is rendered anew before
 * the slower one deletes: the new result gets lost, and the clip is rendered once more when it is ordered again. It ends
 * as lost if ingest dies between the deletion of the result and the sending of its message, and the worker could not
 * write its last status either.
 */

const MAX_MARKER_BYTES = 1024 * 1024

/** `null`: nobody asked for the job to be stopped. */
const readRequester = async (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<'person' | 'ingest' | null> => {
  const marker = await output.read(cancelKey(jobId), { maxBytes: MAX_MARKER_BYTES }, signal)
  return marker === null ? null : requesterOf(marker.bytes)
}

/** Deletes ingest's own marker. Returns whether there was one. */
export const withdrawCancel = async (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<boolean> => {
  if ((await readRequester(output, jobId, signal)) !== 'ingest') return false
  await output.delete(cancelKey(jobId), signal)
  return true
}

/** The record of a job that was cancelled. */
export interface CancelledResult {
  readonly record: ResultRecord
  readonly etag: string
  readonly bytes: Uint8Array
}

/** Puts the result of a job aside that ingest cancelled. `null`: a person cancelled it, and nothing was changed. */
export const setAsideCancelled = async (
  output: ObjectStore,
  jobId: string,
  { record, etag, bytes }: CancelledResult,
  now: Date,
  signal: AbortSignal,
): Promise<{ readonly withdrawn: boolean } | null> => {
  const requester = await readRequester(output, jobId, signal)
  if (requester === 'person') return null
  await archiveResult(output, jobId, bytes, signal)
  if (requester === 'ingest') await output.delete(cancelKey(jobId), signal)
  // Before the deletion: what lies between that and the message is kept short. The caller forgets the end once more after
  // the message, because a worker enters a record that it finds.
  await forgetEnded(output, record, signal)
  await noteChanged(output, jobId, now, signal)
  const there = await output.head(resultKey(jobId), signal)
  if (there?.etag === etag) await output.delete(resultKey(jobId), signal)
  return { withdrawn: requester === 'ingest' }
}

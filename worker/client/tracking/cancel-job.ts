import { cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeCancelMarker } from '../../../shared/contracts/cancel-marker.ts'
import { RECORD_OPTIONS } from '../../../shared/contracts/record-bytes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { isDone, type JobStatus, readJobStatus } from './job-status.ts'

/** `requested`: a worker that has it, or gets it, stops. `done-before`: there is nothing to stop. */
export interface CancelOutcome {
  readonly jobId: string
  readonly outcome: 'requested' | 'done-before'
  /** Status of the job; `null` if it has no record yet. */
  readonly status: JobStatus | null
}

/** A marker of ingest's becomes a person's, which ingest does not take back. */
export const cancelJob = async (
  outputs: ObjectStore,
  jobId: string,
  now: Date,
  signal: AbortSignal,
): Promise<CancelOutcome> => {
  const status = await readJobStatus(outputs, jobId, signal)
  if (status !== null && isDone(status)) return { jobId, outcome: 'done-before', status }
  const marker = encodeCancelMarker(jobId, 'person', now)
  await outputs.put(cancelKey(jobId), marker, RECORD_OPTIONS, signal)
  return { jobId, outcome: 'requested', status }
}

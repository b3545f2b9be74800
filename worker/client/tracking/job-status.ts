import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { JobImage, JobOrigin, ModelReference } from '../../../shared/contracts/job-message.ts'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import {
  isResultState,
  messageOfResult,
  type ResultRecord,
  resultRecordSchema,
} from '../../../shared/contracts/result-record.ts'
import {
  type JobState,
  type StatusRecord,
  statusRecordSchema,
} from '../../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

/** Status of a job, read from its records. */
export interface JobStatus {
  readonly jobId: string
  /** `lost`: not done, and its message is in no queue, see lost-jobs.ts. */
  readonly state: JobState | 'lost'
  /** Deliveries so far; 0 while no worker has taken it. */
  readonly attempt: number
  /** Phase of the renderer while it renders; else `null`. */
  readonly phase: string | null
  readonly step: number
  readonly steps: number
  /** Reason why the job waits again or failed, or the warnings of its clips. */
  readonly message: string | null
  /** Model that a worker has to have, where the last one that took the job had another. */
  readonly waitsForModel: ModelReference | null
  readonly image: JobImage
  readonly parameters: ParametersDocument
  readonly origin: JobOrigin
  /** ISO 8601. */
  readonly submittedAt: string
  readonly updatedAt: string
  /** Result of the job; `null` if it is not done. */
  readonly result: ResultRecord | null
}

export const isDone = ({ state }: Pick<JobStatus, 'state'>): boolean => isResultState(state)

/** Whether no worker will change it any more, as far as is known: a lost job ends too. */
export const hasEnded = (status: Pick<JobStatus, 'state'>): boolean =>
  isDone(status) || status.state === 'lost'

export const statusOfResultRecord = (result: ResultRecord): JobStatus => {
  const { job } = result
  return {
    jobId: result.job_id,
    state: result.state,
    attempt: result.attempt,
    phase: null,
    step: 0,
    steps: 0,
    message: messageOfResult(result),
    waitsForModel: null,
    image: job.image,
    parameters: job.parameters,
    origin: job.origin,
    submittedAt: job.submitted_at,
    updatedAt: result.finished_at,
    result,
  }
}

/**
 * Status of a job without a result. A status record that reports a result is older than `svd redrive`, which removed
 * the result: the job waits again.
 */
const statusOfStatusRecord = (status: StatusRecord): JobStatus => {
  const broughtBack = isDone(status)
  return {
    jobId: status.job_id,
    state: broughtBack ? 'queued' : status.state,
    attempt: broughtBack ? 0 : status.attempt,
    phase: broughtBack ? null : status.phase,
    step: broughtBack ? 0 : status.step,
    steps: broughtBack ? 0 : status.steps,
    message: broughtBack ? null : status.message,
    waitsForModel: broughtBack ? null : status.waits_for_model,
    image: status.image,
    parameters: status.parameters,
    origin: status.origin,
    submittedAt: status.submitted_at,
    updatedAt: status.updated_at,
    result: null,
  }
}

/** Reads the status of a job; `null` if there is no such job. A result record overrides a status record. */
export const readJobStatus = async (
  outputs: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<JobStatus | null> => {
  // In this order: a job that ends in between is found done, for its result is written before its last status.
  const status = await readReadableRecord(outputs, statusKey(jobId), statusRecordSchema, signal)
  const result = await readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal)
  if (result !== null) return statusOfResultRecord(result.record)
  return status === null ? null : statusOfStatusRecord(status.record)
}

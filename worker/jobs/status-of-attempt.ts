import type { ModelReference } from '../../shared/contracts/job-message.ts'
import type { RejectedVideo } from '../../shared/contracts/result-record.ts'
import type { JobState, SpentAttempt, StatusRecord } from '../../shared/contracts/status-record.ts'
import type { Progress } from '../pipeline/progress.ts'
import type { Attempt } from './attempt.ts'

export interface StatusChange {
  readonly state: JobState
  readonly progress?: Progress
  /** Reason why the job waits again or failed, or the warnings of its clips. */
  readonly message?: string
  /** The attempt failed for `message`, and counts. */
  readonly failed?: true
  /** It failed because its clip did not pass the checks. */
  readonly failedChecks?: true
  /** Videos that are kept of that clip. */
  readonly rejected?: readonly RejectedVideo[]
  readonly waitsForModel?: ModelReference | null
}

/**
 * The job's status record. `known` is the one that it replaces. Its origin stays: that is the upload which ordered the job
 * first, and several messages of a job may name several uploads. Ingest and notify find that upload by the status alone.
 */
export const statusOfAttempt = (
  { job, number }: Pick<Attempt, 'job' | 'number'>,
  { state, progress, message, waitsForModel }: StatusChange,
  workerId: string,
  now: Date,
  attempts: readonly SpentAttempt[] = [],
  known: Pick<StatusRecord, 'origin' | 'submitted_at'> | null = null,
): StatusRecord => ({
  version: 1,
  job_id: job.job_id,
  state,
  attempt: number,
  phase: progress?.phase ?? null,
  step: progress?.step ?? 0,
  steps: progress?.steps ?? 0,
  worker_id: workerId,
  message: message ?? null,
  attempts: [...attempts],
  waits_for_model: waitsForModel ?? null,
  image: job.image,
  parameters: job.parameters,
  origin: (known ?? job).origin,
  submitted_at: (known ?? job).submitted_at,
  updated_at: now.toISOString(),
})

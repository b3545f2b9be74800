import type { JobState, StatusRecord } from '../../shared/contracts/status-record.ts'
import type { Progress } from '../pipeline/progress.ts'
import type { Attempt } from './attempt.ts'

export interface StatusChange {
  readonly state: JobState
  readonly progress?: Progress
  /** Why it waits again, or failed. */
  readonly message?: string
}

const FINAL: readonly JobState[] = ['succeeded', 'failed', 'cancelled']

/** No attempt comes after it. */
export const isFinal = (state: JobState): boolean => FINAL.includes(state)

/** The job's status record. */
export const statusOf = (
  { job, number }: Pick<Attempt, 'job' | 'number'>,
  { state, progress, message }: StatusChange,
  workerId: string,
  now: Date,
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
  image: job.image,
  parameters: job.parameters,
  origin: job.origin,
  submitted_at: job.submitted_at,
  updated_at: now.toISOString(),
})

import type { EtaEstimator } from './eta-estimator.ts'
import type { LeasedJob } from './leased-job.ts'

/** Stage of a job. `waiting`: for its next stage's slot, or for the same job by another message. */
export type JobStage = 'waiting' | 'preparing' | 'rendering' | 'publishing'

/** A job whose message this worker leases, with the state that the worker's loop needs. */
export interface ActiveJob extends LeasedJob {
  /**
   * `arrivedMs`: time at which the message was here, on the clock's `elapsedMs`. `awaited`: whether the queue was empty
   * before.
   */
  readonly received: { readonly arrivedMs: number; readonly awaited: boolean }
  /** Id of the attempt, for its files and for its entry among the attempts that count. */
  readonly attemptId: string
  stage: JobStage
  /** Whether the job has earlier attempts that count. */
  hasFailedBefore: boolean
  timeLeft: EtaEstimator
  abort(reason: Error): void
}

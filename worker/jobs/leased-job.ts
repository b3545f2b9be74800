import type { ModelReference } from '../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { Attempt } from './attempt.ts'
import type { CancelWatch } from './cancel-watch.ts'
import type { Lease } from './lease.ts'
import type { StatusWriter } from './status-writer.ts'

/** A job whose message this worker leases. */
export interface LeasedJob {
  readonly attempt: Attempt
  readonly lease: Lease
  readonly status: StatusWriter
  readonly cancel: CancelWatch
  /** Aborts when the work on it has to stop. The reason decides the job's disposition, see disposition.ts. */
  readonly signal: AbortSignal
}

/** Outcome of this worker's attempt at a job. */
export type JobEnd =
  | { readonly type: 'done'; readonly result: ResultRecord }
  /** The job already had a result record, which another attempt wrote. */
  | { readonly type: 'done-before' }
  | { readonly type: 'retry'; readonly reason: string; readonly delaySeconds: number }
  | { readonly type: 'released'; readonly reason: string }
  /** The job waits, and the attempt does not count. `waitsForModel`: the model that a worker has to have for it. */
  | {
      readonly type: 'postponed'
      readonly reason: string
      readonly delaySeconds: number
      readonly workersFault: boolean
      readonly waitsForModel: ModelReference | null
    }
  /** `leaseLost`: another worker may have the job. Otherwise this worker could not even hand it back. */
  | { readonly type: 'abandoned'; readonly reason: string; readonly leaseLost: boolean }

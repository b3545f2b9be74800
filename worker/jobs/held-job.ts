import type { ModelReference } from '../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { Attempt } from './attempt.ts'
import type { CancelWatch } from './cancel-watch.ts'
import type { Claim } from './claim.ts'
import type { StatusWriter } from './status-writer.ts'

/** A job in this worker's hands. */
export interface HeldJob {
  readonly attempt: Attempt
  readonly claim: Claim
  readonly status: StatusWriter
  readonly cancel: CancelWatch
  /** Aborts when the work on it has to stop; the reason decides what becomes of the job, see disposition.ts. */
  readonly signal: AbortSignal
}

/** How it left them. */
export type JobEnd =
  | { readonly type: 'done'; readonly result: ResultRecord }
  /** Its record was there before. */
  | { readonly type: 'done-before' }
  | { readonly type: 'retry'; readonly reason: string; readonly delaySeconds: number }
  | { readonly type: 'released'; readonly reason: string }
  /** It waits, and the attempt does not count. `waitsForModel`: for a worker that has that one. */
  | {
      readonly type: 'postponed'
      readonly reason: string
      readonly delaySeconds: number
      readonly workersFault: boolean
      readonly waitsForModel: ModelReference | null
    }
  /** `leaseLost`: another worker may have it; else this worker could not even hand it back. */
  | { readonly type: 'abandoned'; readonly reason: string; readonly leaseLost: boolean }

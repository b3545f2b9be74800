import type { BatchJobs } from '../../shared/ports/batch-jobs.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { FleetLimits } from './workers-needed.ts'

/**
 * Why fewer were started than are needed.
 * - `limit`      no more are started at once
 * - `throttled`  Batch has too many requests
 * - `time`       the function's time is nearly over
 * - `failed`     a request failed
 */
export type StopReason = 'limit' | 'throttled' | 'time' | 'failed'

/** What dispatch tells its watchers. Telling it decides nothing. */
export type DispatchEvent =
  | {
      readonly type: 'dispatched'
      readonly backlog: number
      readonly needed: number
      /** Before; those that were asked for and are not shown yet are among them. */
      readonly active: number
      readonly started: number
      /** Null: all that are needed. */
      readonly stopped: StopReason | null
    }
  /** Somebody else dispatches at this moment: nothing was done. */
  | { readonly type: 'outrun' }

/** All that dispatch touches. */
export interface DispatchWorld {
  /** Where its state lies. */
  readonly output: ObjectStore
  readonly jobs: Pick<MessageQueue, 'depth'>
  readonly batch: BatchJobs
  readonly limits: FleetLimits
  now(): Date
  /** Rejects with the reason of `signal` when that aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Different each time, also between functions. */
  newWorkerName(): string
  tell(event: DispatchEvent): void
}

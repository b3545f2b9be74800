import type { Waits } from '../../shared/contracts/dispatch-state.ts'
import type { BatchJobs } from '../../shared/ports/batch-jobs.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { WorkerService } from '../../shared/ports/worker-service.ts'
import type { DispatchFigures } from './decide-dispatch.ts'

/**
 * Why fewer were started than may be.
 * - `limit`      no more are started at once
 * - `throttled`  Batch has too many requests
 * - `time`       the function's time is nearly over
 * - `failed`     a request failed
 */
export type StopReason = 'limit' | 'throttled' | 'time' | 'failed'

/** Event that dispatch emits. No decision depends on it. */
export type DispatchLogEvent =
  | {
      readonly type: 'dispatched'
      readonly backlog: number
      readonly needed: number
      /** Workers of Batch before; those that were asked for and are not shown yet are among them. */
      readonly active: number
      readonly started: number
      /** `null`: all that are to be started. */
      readonly stopped: StopReason | null
      /** Tasks that the ECS service is to run; `null`: there is no such service. */
      readonly desired: number | null
      /** Why fewer are started than needed, by fleet. */
      readonly waits: { readonly batch: Waits | null; readonly ecs: Waits | null }
      /** Why the last start failed, if that is why fewer are started. */
      readonly failures: readonly string[]
      /** Clips wait, and workers fail to start or do not come. */
      readonly cannotStart: boolean
      /** Estimate for the UTC day. */
      readonly usdToday: number
      /** The budget of the day is reached. */
      readonly isPaused: boolean
    }
  /** Another run of dispatch was faster, so this one did nothing. */
  | { readonly type: 'outrun' }

/** All that dispatch touches. */
export interface DispatchDeps {
  /** The output bucket, which has the state of dispatch. */
  readonly output: ObjectStore
  readonly models: Pick<ObjectStore, 'head'>
  readonly jobs: Pick<MessageQueue, 'depth'>
  /** `null`: the deployment has no workers on AWS Batch. */
  readonly batch: BatchJobs | null
  /** `null`: the deployment has no workers on ECS. */
  readonly service: WorkerService | null
  readonly figures: DispatchFigures
  now(): Date
  /** Rejects with the reason of `signal` when that aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Different each time, also between functions. */
  newWorkerName(): string
  onEvent(event: DispatchLogEvent): void
}

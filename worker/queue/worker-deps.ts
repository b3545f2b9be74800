import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { StepSpeed } from '../jobs/denoise-speed.ts'
import type { JobDeps } from '../jobs/job-deps.ts'
import type { Drain } from './drain.ts'
import type { LeaseOptions } from './hold-lease.ts'

/** Dependencies of a worker. `store` is the output bucket. */
export interface WorkerDeps extends Omit<JobDeps, 'clips' | 'speed' | 'until'> {
  readonly jobs: MessageQueue
  /** Dead-letter queue; `null` if this worker neither sends to it nor polls it. */
  readonly deadLetters: MessageQueue | null
  /** The planner's speed of the worker's device, until a clip was measured; default: none. */
  readonly countedSpeed?: StepSpeed | null
  readonly drain: Drain
  /** Called at signs of life that are not events: an answer of the queue, an extended lease. Must not throw. */
  readonly onBeat?: () => void
}

/** Dependencies of a worker, with the signal that ends its time. */
export interface WorkingDeps extends WorkerDeps, Pick<JobDeps, 'until'> {}

export interface WorkerOptions {
  readonly lease: LeaseOptions
  /** Seconds of one long poll, 0 to 20. */
  readonly waitSeconds: number
  /** Seconds without a job after which the worker ends; `null` for never. */
  readonly untilIdleSeconds: number | null
  /** Count of deliveries after which the worker ends; `null` for never. */
  readonly maxJobs: number | null
  /** Seconds after which the worker takes no further job, finishes what renders, and ends; `null` for never. */
  readonly maxSeconds: number | null
  /**
   * Count of different jobs that failed here, with none succeeded in between, after which the worker ends as failed.
   * With a broken device it would use up the attempts of every job in the queue.
   */
  readonly maxFailingJobs: number
  readonly statusIntervalMs: number
  readonly cancelIntervalMs: number
  readonly deadLetterIntervalSeconds: number
}

export const WORKER_OPTIONS: Omit<WorkerOptions, 'lease'> = {
  waitSeconds: 20,
  untilIdleSeconds: null,
  maxJobs: null,
  maxSeconds: null,
  maxFailingJobs: 3,
  statusIntervalMs: 1_000,
  cancelIntervalMs: 2_000,
  deadLetterIntervalSeconds: 60,
}

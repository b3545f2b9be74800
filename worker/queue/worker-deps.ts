import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ClipHistory } from '../jobs/clip-history.ts'
import type { DenoiseSpeed, StepSpeed } from '../jobs/denoise-speed.ts'
import type { PrepareJob } from '../jobs/job-stages.ts'
import type { ScratchFolders } from '../jobs/scratch-folders.ts'
import type { SettlingDeps } from '../jobs/settle-failure.ts'
import type { Drain } from './drain.ts'
import type { LeaseOptions } from './lease.ts'
import type { WorkerEvent } from './worker-event.ts'

/** What a worker is given; `store` is the output bucket. */
export interface WorkerDeps extends Omit<SettlingDeps, 'clips' | 'until'> {
  readonly jobs: MessageQueue
  /** Null: somebody else looks after them. */
  readonly deadLetters: MessageQueue | null
  readonly prepareJob: PrepareJob
  /** The planner's speed of the worker's device, until a clip was measured; default: none. */
  readonly countedSpeed?: StepSpeed | null
  readonly scratch: ScratchFolders
  readonly drain: Drain
  /** Must not throw. */
  readonly onEvent: (event: WorkerEvent) => void
  /** Called at signs of life that are no events: an answer of the queue, an extended lease. Must not throw. */
  readonly onBeat?: () => void
}

/** The same with the end of the worker's time. */
export interface WorkingDeps extends WorkerDeps, Pick<SettlingDeps, 'until'> {}

/** What each of a worker's jobs is given. */
export interface JobDeps extends WorkingDeps {
  /** Of the worker's jobs so far. */
  readonly clips: ClipHistory
  readonly speed: DenoiseSpeed
}

export interface WorkerOptions {
  readonly lease: LeaseOptions
  /** Of one long poll, 0 to 20. */
  readonly waitSeconds: number
  /** Ends after so long without a job; null: never. */
  readonly untilIdleSeconds: number | null
  /** Ends after so many deliveries; null: never. */
  readonly maxJobs: number | null
  /** Takes nothing more on after so long, finishes what renders, and ends; null: never. */
  readonly maxSeconds: number | null
  /**
   * Ends, as one that failed, when so many different jobs failed here with none done in between: with a broken device it
   * would use up the attempts of every job in the queue.
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

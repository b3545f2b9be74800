import type { ModelReference } from '../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { Progress } from '../pipeline/progress.ts'

/** Event that the worker emits, for logs, metrics or a progress display. No decision of the job depends on it. */
export type WorkerLogEvent =
  | { readonly type: 'worker-started'; readonly workerId: string }
  | {
      readonly type: 'job-received'
      readonly jobId: string
      readonly attempt: number
      readonly waitingSeconds: number
    }
  | {
      readonly type: 'job-stage'
      readonly jobId: string
      readonly stage: 'preparing' | 'rendering' | 'publishing'
    }
  | { readonly type: 'job-progress'; readonly jobId: string; readonly progress: Progress }
  /** `gapMs`: time that the device was idle before this job; `null` if it had no job before, or nothing was queued. */
  | { readonly type: 'device-idle'; readonly jobId: string; readonly gapMs: number | null }
  /**
   * A clip did not pass its checks. `videos`: keys of those that are kept. `failure`: reason why the others are not;
   * `null` if all are.
   */
  | {
      readonly type: 'clip-rejected'
      readonly jobId: string
      readonly videos: readonly string[]
      readonly failure: string | null
    }
  /** The worker wrote the job's result record. */
  | { readonly type: 'job-done'; readonly jobId: string; readonly result: ResultRecord }
  /** The job already had a result record. */
  | { readonly type: 'job-done-before'; readonly jobId: string }
  | {
      readonly type: 'job-retry'
      readonly jobId: string
      readonly attempt: number
      readonly reason: string
      readonly delaySeconds: number
    }
  | { readonly type: 'job-released'; readonly jobId: string; readonly reason: string }
  /** The job waits, and the attempt does not count. `waitsForModel`: the model that a worker has to have for it. */
  | {
      readonly type: 'job-postponed'
      readonly jobId: string
      readonly reason: string
      readonly delaySeconds: number
      readonly waitsForModel: ModelReference | null
    }
  /** The worker gave the job up: another worker may have it (`leaseLost`), or it could not be handed back. */
  | {
      readonly type: 'job-abandoned'
      readonly jobId: string
      readonly reason: string
      readonly leaseLost: boolean
    }
  | { readonly type: 'message-malformed'; readonly messageId: string; readonly reason: string }
  | { readonly type: 'dead-letter-recorded'; readonly messageId: string; readonly jobId: string | null }
  /** The renderer renders a job once more, in a process with other variables or with a smaller decode chunk. */
  | { readonly type: 'renderer-restarted'; readonly reason: string }
  | { readonly type: 'queue-unreachable'; readonly reason: string; readonly retryInSeconds: number }
  /** ECS does not stop this task in a scale-in, for `minutes` from now. */
  | { readonly type: 'task-protected'; readonly minutes: number }
  | { readonly type: 'task-unprotected' }
  /** `retryInSeconds`: time until the next request; `null` if there is no use in asking again. */
  | {
      readonly type: 'task-protection-failed'
      readonly reason: string
      readonly retryInSeconds: number | null
    }
  | { readonly type: 'draining'; readonly reason: string; readonly secondsLeft: number | null }
  | { readonly type: 'worker-stopped'; readonly reason: string; readonly jobs: number }

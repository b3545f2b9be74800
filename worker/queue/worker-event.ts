import type { ModelReference } from '../../shared/contracts/job-message.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { Progress } from '../pipeline/progress.ts'

/** What the worker tells whoever watches: logs, metrics, a progress display. Telling it decides nothing. */
export type WorkerEvent =
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
  /** The device waited so long for this job since it ended the one before; null: it had none, or nothing was queued. */
  | { readonly type: 'device-idle'; readonly jobId: string; readonly gapMs: number | null }
  /** It did not pass its checks. `videos`: keys of what is kept of it; `failure`: why the rest is not; null: all is. */
  | {
      readonly type: 'clip-rejected'
      readonly jobId: string
      readonly videos: readonly string[]
      readonly failure: string | null
    }
  /** Its result record is there, by this worker. */
  | { readonly type: 'job-done'; readonly jobId: string; readonly result: ResultRecord }
  /** Its result record was there before. */
  | { readonly type: 'job-done-before'; readonly jobId: string }
  | {
      readonly type: 'job-retry'
      readonly jobId: string
      readonly attempt: number
      readonly reason: string
      readonly delaySeconds: number
    }
  | { readonly type: 'job-released'; readonly jobId: string; readonly reason: string }
  /** The attempt does not count. `waitsForModel`: a worker with that model has to come. */
  | {
      readonly type: 'job-postponed'
      readonly jobId: string
      readonly reason: string
      readonly delaySeconds: number
      readonly waitsForModel: ModelReference | null
    }
  /** Out of this worker's hands: another worker may have it (`leaseLost`), or the queue could not be told. */
  | {
      readonly type: 'job-abandoned'
      readonly jobId: string
      readonly reason: string
      readonly leaseLost: boolean
    }
  | { readonly type: 'message-malformed'; readonly messageId: string; readonly reason: string }
  | { readonly type: 'dead-letter-recorded'; readonly messageId: string; readonly jobId: string | null }
  /** A job is rendered once more, in a process of the renderer with other variables. */
  | { readonly type: 'renderer-restarted'; readonly reason: string }
  | { readonly type: 'queue-unreachable'; readonly reason: string; readonly retryInSeconds: number }
  /** ECS does not stop this task to have fewer of them, for so long from now. */
  | { readonly type: 'task-protected'; readonly minutes: number }
  | { readonly type: 'task-unprotected' }
  /** Null: there is no use in asking again. */
  | {
      readonly type: 'task-protection-failed'
      readonly reason: string
      readonly retryInSeconds: number | null
    }
  | { readonly type: 'draining'; readonly reason: string; readonly secondsLeft: number | null }
  | { readonly type: 'worker-stopped'; readonly reason: string; readonly jobs: number }

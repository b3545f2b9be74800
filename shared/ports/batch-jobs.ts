/*
 * The jobs of one job queue of AWS Batch, all of one job definition, as this project uses them. Adapter:
 * shared/aws/batch-jobs.ts; the small real one is in test/fixtures/memory-batch-jobs.ts.
 *
 *   submit ─▶ SUBMITTED ─▶ PENDING ─▶ RUNNABLE ─▶ STARTING ─▶ RUNNING ─▶ SUCCEEDED or FAILED: ended
 *                                        ▲            │          │
 *                                        └────────────┴──────────┘  another attempt, of a job that may have some
 *
 * What was submitted or ended a moment ago may not be shown yet.
 */

export interface BatchJob {
  readonly jobId: string
  readonly name: string
  /** Its container runs. */
  readonly isRunning: boolean
}

export type BatchJobState =
  | { readonly type: 'active'; readonly isRunning: boolean }
  | { readonly type: 'succeeded' }
  /** `isReclaimed`: its machine was taken, and the job has no attempt left. */
  | { readonly type: 'failed'; readonly reason: string; readonly isReclaimed: boolean }

/** Nothing was started, and that is certain. After any other error of `submit` the job may have started. */
export class SubmitRefusedError extends Error {
  override readonly name = 'SubmitRefusedError'
  /** For too many requests: later it may be accepted. */
  readonly throttled: boolean

  constructor(message: string, throttled: boolean, options?: ErrorOptions) {
    super(message, options)
    this.throttled = throttled
  }
}

/** A call whose signal is aborted throws the signal's reason. */
export interface BatchJobs {
  /**
   * Lists the jobs that have not ended. It is not a snapshot of one moment: a job that gets another attempt meanwhile
   * may be missed.
   */
  listActive(signal: AbortSignal): Promise<readonly BatchJob[]>
  /** Reads the status of jobs, by id. Jobs that Batch does not show, not yet or not any more, are left out. */
  describe(jobIds: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BatchJobState>>
  /** Finds the job of that name, ended or not; `null` if Batch shows none, not yet or not any more. */
  find(
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly jobId: string; readonly state: BatchJobState } | null>
  /**
   * Starts a job, and returns its id. `name`: up to 128 characters of A-Z, a-z, 0-9, `-` and `_`. Batch takes no
   * token by which it would recognize a repeated request: asked twice, it starts two jobs. So this method never
   * repeats a request. Throws `SubmitRefusedError`.
   */
  submit(name: string, signal: AbortSignal): Promise<string>
}

import { cancelKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Clock } from './clock.ts'
import { JobCancelledError } from './job-cancelled-error.ts'
import { withTimeLimit } from './time-limit.ts'

export interface CancelWatch {
  /** The error by which the job is to be stopped; `null`: it goes on. Throws where the store fails. */
  findCancelled(signal: AbortSignal): Promise<JobCancelledError | null>
  /** Looks every `intervalMs`, whatever the job is doing, until `until` aborts. Never throws. */
  watchUntil(until: AbortSignal): Promise<void>
}

export interface CancelWatchOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly jobId: string
  readonly intervalMs: number
  /** What the watch does, once, when it finds that the job is to be stopped. */
  readonly onCancelled: (error: JobCancelledError) => void
}

const LOOK_LIMIT_MS = 5_000

/** Looks for the marker that `svd cancel` or ingest leaves. */
export const watchForCancel = ({
  store,
  clock,
  jobId,
  intervalMs,
  onCancelled,
}: CancelWatchOptions): CancelWatch => {
  const findCancelled = async (signal: AbortSignal): Promise<JobCancelledError | null> => {
    const marker = await store.head(cancelKey(jobId), signal)
    return marker === null ? null : new JobCancelledError('it was asked to stop')
  }

  return {
    findCancelled,
    async watchUntil(until) {
      for (;;) {
        await clock.sleep(intervalMs, until).catch(() => {})
        if (until.aborted) return
        const limit = { clock, limitMs: LOOK_LIMIT_MS, signal: until }
        // Where the store does not answer, the next look may see more.
        const cancelled = await withTimeLimit(limit, findCancelled).catch(() => null)
        if (cancelled !== null) return onCancelled(cancelled)
      }
    },
  }
}

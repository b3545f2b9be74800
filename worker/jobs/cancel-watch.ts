import type { Clock } from '../../shared/clock.ts'
import { cancelKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import { JobCancelledError } from './job-cancelled-error.ts'

export interface CancelWatch {
  /** Returns the error by which the job is to be stopped, or `null` if it goes on. Throws if the store fails. */
  findCancelled(signal: AbortSignal): Promise<JobCancelledError | null>
  /** Polls every `intervalMs`, whatever the job's stage, until `until` aborts. Never throws. */
  watchUntil(until: AbortSignal): Promise<void>
}

export interface CancelWatchOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly jobId: string
  readonly intervalMs: number
  /** Called once, when the watch finds that the job is to be stopped. */
  readonly onCancelled: (error: JobCancelledError) => void
}

const LOOK_LIMIT_MS = 5_000

/** Polls for the marker that `svd cancel` or ingest writes. */
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
        // If the store does not answer, the next poll may find the marker.
        const cancelled = await withTimeLimit(limit, findCancelled).catch(() => null)
        if (cancelled !== null) return onCancelled(cancelled)
      }
    },
  }
}

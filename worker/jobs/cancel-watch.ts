import { cancelKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Clock } from './clock.ts'
import { JobCancelledError } from './job-cancelled-error.ts'
import { withTimeLimit } from './time-limit.ts'

export interface CancelWatch {
  /** Throws `JobCancelledError` if the job is to be stopped. */
  throwIfCancelled(signal: AbortSignal): Promise<void>
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
  const throwIfCancelled = async (signal: AbortSignal): Promise<void> => {
    if ((await store.head(cancelKey(jobId), signal)) !== null)
      throw new JobCancelledError('it was asked to stop')
  }

  /** Returns null if the job is not cancelled, or if the store does not answer. */
  const findCancelled = async (until: AbortSignal): Promise<JobCancelledError | null> => {
    try {
      await withTimeLimit({ clock, limitMs: LOOK_LIMIT_MS, signal: until }, throwIfCancelled)
      return null
    } catch (error) {
      return error instanceof JobCancelledError ? error : null
    }
  }

  return {
    throwIfCancelled,
    async watchUntil(until) {
      for (;;) {
        await clock.sleep(intervalMs, until).catch(() => {})
        if (until.aborted) return
        const cancelled = await findCancelled(until)
        if (cancelled !== null) return onCancelled(cancelled)
      }
    },
  }
}

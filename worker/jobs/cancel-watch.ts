import { cancelKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { Clock } from './clock.ts'
import { JobCancelledError } from './job-cancelled-error.ts'
import { withTimeLimit } from './time-limit.ts'

export interface CancelWatch {
  /** Throws `JobCancelledError` if the job is to be stopped. */
  throwIfCancelled(signal: AbortSignal): Promise<void>
  /** Looks without being waited for, unless it did less than `intervalMs` ago. Never throws. */
  glance(): void
}

export interface CancelWatchOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly jobId: string
  readonly intervalMs: number
  /** What a glance does when it finds that the job is to be stopped. */
  readonly onCancelled: (error: JobCancelledError) => void
}

const GLANCE_LIMIT_MS = 5_000

/** Looks for the marker that `svd cancel` leaves. */
export const watchForCancel = ({
  store,
  clock,
  jobId,
  intervalMs,
  onCancelled,
}: CancelWatchOptions): CancelWatch => {
  let lookedMs = Number.NEGATIVE_INFINITY
  let looking = false

  const throwIfCancelled = async (signal: AbortSignal): Promise<void> => {
    lookedMs = clock.elapsedMs()
    if ((await store.head(cancelKey(jobId), signal)) !== null)
      throw new JobCancelledError('it was asked to stop')
  }

  const look = async (): Promise<void> => {
    looking = true
    try {
      await withTimeLimit({ clock, limitMs: GLANCE_LIMIT_MS }, throwIfCancelled)
    } catch (error) {
      // Anything else: the next glance may see more.
      if (error instanceof JobCancelledError) onCancelled(error)
    } finally {
      looking = false
    }
  }

  return {
    throwIfCancelled,
    glance() {
      if (!looking && clock.elapsedMs() - lookedMs >= intervalMs) void look()
    },
  }
}

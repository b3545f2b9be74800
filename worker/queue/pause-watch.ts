import type { Clock } from '../../shared/clock.ts'
import { DISPATCH_PAUSE_KEY } from '../../shared/contracts/bucket-layout.ts'
import { parsePauseRecord } from '../../shared/contracts/pause-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { DrainNotice } from './drain.ts'

/*
 * Dispatch pauses all workers of a deployment when the budget of the day is reached: `dispatch/pause.json` in the output
 * bucket says until when. A worker that reads it takes no further job, finishes the one that it renders and ends. Dispatch
 * starts workers again afterwards, so this worker does not wait.
 */
export interface PauseWatchOptions {
  /** The output bucket. */
  readonly store: Pick<ObjectStore, 'read'>
  readonly clock: Clock
  readonly notify: (notice: DrainNotice) => void
}

/** Time between two polls. One GET a minute costs a worker six hundredths of a cent a day. */
const LOOK_MS = 60_000
const ANSWER_LIMIT_MS = 10_000
const MAX_BYTES = 10_000

/**
 * Polls at once and then every minute, until it notifies of a pause that holds now, or `signal` aborts. Never throws:
 * a record that is missing or cannot be read pauses no worker.
 */
export const watchForPause = async (
  { store, clock, notify }: PauseWatchOptions,
  signal: AbortSignal,
): Promise<void> => {
  const look = async (): Promise<boolean> => {
    const stored = await withTimeLimit({ clock, limitMs: ANSWER_LIMIT_MS, signal }, (within) =>
      store.read(DISPATCH_PAUSE_KEY, { maxBytes: MAX_BYTES }, within),
    )
    if (stored === null) return false
    const { until, reason } = parsePauseRecord(stored.bytes)
    if (Date.parse(until) <= clock.now().getTime()) return false
    notify({ reason: `${reason}; workers pause until ${until}`, secondsLeft: null })
    return true
  }

  while (!signal.aborted) {
    if (await look().catch(() => false)) return
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}

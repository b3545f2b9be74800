import type { Clock } from '../../shared/clock.ts'

/** Request to the worker to shut down: a signal, a Spot interruption, a pause, or a limit of its own. */
export interface DrainNotice {
  /** `SIGTERM`, `Spot interruption`, `idle for 300 s`. */
  readonly reason: string
  /** Seconds until the worker is ended by force; `null` if it may finish the job that it renders. */
  readonly secondsLeft: number | null
}

/** Shutdown of the worker: whether it was requested, its reason, and its deadline. */
export interface Drain {
  /** Aborts with the first notice. The worker then takes no further job. */
  readonly signal: AbortSignal
  /** Returns the reason of the first notice; `null` if there was none. */
  reason(): string | null
  /** Returns the seconds until the nearest end that a notice gave, negative if it is past; `null` if none gave one. */
  secondsLeft(): number | null
  /** Adds a notice. A later one can bring the end nearer and cannot put it off. */
  notify(notice: DrainNotice): void
}

export const openDrain = (clock: Clock): Drain => {
  const controller = new AbortController()
  let reason: string | null = null
  let endMs = Number.POSITIVE_INFINITY
  return {
    signal: controller.signal,
    reason: () => reason,
    secondsLeft: () => (endMs === Number.POSITIVE_INFINITY ? null : (endMs - clock.elapsedMs()) / 1000),
    notify(notice) {
      reason ??= notice.reason
      if (notice.secondsLeft !== null) endMs = Math.min(endMs, clock.elapsedMs() + notice.secondsLeft * 1000)
      controller.abort(new Error(`the worker is on its way out: ${reason}`))
    },
  }
}

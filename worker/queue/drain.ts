import type { Clock } from '../jobs/clock.ts'

/** Somebody wants the worker to go. */
export interface DrainNotice {
  /** `SIGTERM`, `Spot interruption`, `idle for 300 s`. */
  readonly reason: string
  /** Until it is ended by force; null: it may finish the job that it renders. */
  readonly secondsLeft: number | null
}

/** Whether the worker is on its way out, why, and by when. */
export interface Drain {
  /** Aborts with the first notice: nothing new is taken on. */
  readonly signal: AbortSignal
  /** Of the first notice; null: there was none. */
  reason(): string | null
  /** Until the nearest end that a notice gave; negative: it is past. Null: none did. */
  secondsLeft(): number | null
  /** A later notice can bring the end nearer; it cannot put it off. */
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

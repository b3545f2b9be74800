import type { Clock } from '../../../../shared/clock.ts'
import { pauseOn, virtualClock } from '../../../fixtures/virtual-clock.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'

/** One process of a worker. After its death, none of its waits ends. */
export interface Incarnation {
  readonly name: string
  readonly clock: Clock
  /**
   * The signal of calls that nothing aborts. A dead process leaves listeners on it, so that each has one of its own: a
   * signal of all processes would keep their listeners, and what these refer to, for the whole run of the tests.
   */
  readonly signal: AbortSignal
  isAlive(): boolean
  die(): void
  /** Stops the process, as SIGSTOP or a sleeping machine does. Its timers and answers run afterwards, in order. */
  freeze(ms: number): void
  isFrozen(): boolean
  /** Rejects with the reason of `signal`, `afterAbortMs` after that aborts. */
  pause(ms: number, signal?: AbortSignal, afterAbortMs?: number): Promise<void>
}

export const openIncarnation = (name: string, time: VirtualTime): Incarnation => {
  let alive = true
  let thawMs = 0

  const after = (ms: number, run: () => void): (() => void) => {
    let takeBack = time.after(ms, () => {
      if (!alive) return
      if (time.nowMs() >= thawMs) run()
      else takeBack = time.after(thawMs - time.nowMs(), () => alive && run())
    })
    return () => takeBack()
  }

  return {
    name,
    clock: virtualClock({ nowMs: time.nowMs, after }),
    signal: new AbortController().signal,
    isAlive: () => alive,
    die: () => {
      alive = false
    },
    isFrozen: () => time.nowMs() < thawMs,
    freeze: (ms) => {
      thawMs = Math.max(thawMs, time.nowMs() + ms)
    },
    pause: (ms, signal, afterAbortMs = 0) => pauseOn(after, ms, { signal, afterAbortMs }),
  }
}

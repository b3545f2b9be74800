import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../jobs/clock.ts'

/** The machine's. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  async sleep(ms, signal) {
    signal.throwIfAborted()
    try {
      // What became due while the process slept is due now; Node prints a warning about a negative delay.
      await delay(Math.max(0, ms), undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../jobs/clock.ts'

/** The machine's. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  async sleep(ms, signal) {
    signal.throwIfAborted()
    try {
      await delay(ms, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}

import type { Clock } from './clock.ts'

/** The machine's. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  // Most sleeps of a worker are limits that are never reached. `timers/promises` would make an error of its own, with a
  // stack, for each of them.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const wake = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      // What became due while the process slept is due now; Node prints a warning about a negative delay.
      const timer = setTimeout(wake, Math.max(0, ms))
      const abort = (): void => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
    }),
}

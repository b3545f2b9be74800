/** Time as the worker sees it. The machine's is in system-clock.ts; tests have one that they move. */
export interface Clock {
  /** Time for timestamps. It may jump when the machine's clock is set. */
  now(): Date
  /** Time for durations, in milliseconds since an arbitrary moment. It only runs forward. */
  elapsedMs(): number
  /** Resolves after `ms`, which is not negative. Rejects with the reason of `signal` if that aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

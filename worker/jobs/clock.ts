/** Time as the worker sees it. The machine's is in cli/system-clock.ts; tests have one that they move. */
export interface Clock {
  /** For timestamps: it may jump when somebody sets it. */
  now(): Date
  /** For durations, in milliseconds from anywhere: it only runs forward. */
  elapsedMs(): number
  /** `ms` is not negative. Rejects with the reason of `signal` when that aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

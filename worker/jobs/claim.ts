/**
 * A worker's hold on the message of a job: what the steps of a job may do about it. It is kept up by itself
 * (queue/lease.ts) until one of the two last words.
 */
export interface Claim {
  /** Deliveries so far, with this one: 1 on the first. */
  readonly attempt: number
  /** Aborts when the hold is lost, with a `LeaseLostError`; or when it may not be kept up any longer. */
  readonly signal: AbortSignal
  /** Throws the reason of `signal`, also where the time is over but its timer has not run yet. */
  assertHeld(): void
  /** Takes the message out of the queue. Only once the job's result record is there. */
  remove(signal: AbortSignal): Promise<void>
  /** Out of sight for so long, then anybody's; 0: at once. Throws `LeaseLostError`. */
  handBack(delaySeconds: number, signal: AbortSignal): Promise<void>
}

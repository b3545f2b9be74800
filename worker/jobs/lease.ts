/**
 * A worker's lease on the message of a job, as the steps of a job see it. A timer extends it (queue/hold-lease.ts) until
 * `remove` or `handBack` is called.
 */
export interface Lease {
  /** Deliveries so far, with this one: 1 on the first. */
  readonly attempt: number
  /** Aborts with a `LeaseLostError` when the lease is lost, and when the lease may not be extended any further. */
  readonly signal: AbortSignal
  /** Throws `LeaseLostError` if the lease is lost, also if its time is over but its timer has not run yet. */
  assertHeld(): void
  /** Removes the message from the queue. To be called only once the job's result record exists. */
  remove(signal: AbortSignal): Promise<void>
  /**
   * Gives the lease up. The message becomes visible to all workers after `delaySeconds`; 0: at once. Throws
   * `LeaseLostError`.
   */
  handBack(delaySeconds: number, signal: AbortSignal): Promise<void>
}

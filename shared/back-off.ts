export interface BackOff {
  /** Average wait after the first failure. */
  readonly firstSeconds: number
  /** Largest average wait, after any number of failures. */
  readonly longestSeconds: number
}

/** A minute covers a restarted renderer, a quarter of an hour most outages of a service. */
export const JOB_BACK_OFF: BackOff = { firstSeconds: 30, longestSeconds: 900 }
/**
 * A worker with the job's model may come in hours, or never. 50 deliveries take half a day; until then the messages count
 * as backlog, and keep machines running.
 */
export const MODEL_BACK_OFF: BackOff = { firstSeconds: 60, longestSeconds: 900 }
export const QUEUE_BACK_OFF: BackOff = { firstSeconds: 1, longestSeconds: 30 }

/**
 * Seconds to wait after `failures` failures in a row: twice as long after each, times a random factor from 0.5 to 1.5,
 * so that clients that failed together do not retry together. Whole seconds, at least 1.
 */
export const backOffSeconds = (
  failures: number,
  { firstSeconds, longestSeconds }: BackOff,
  random: () => number,
): number => {
  const middle = firstSeconds * 2 ** Math.min(failures - 1, 30)
  return Math.max(1, Math.round(Math.min(middle, longestSeconds) * (0.5 + random())))
}

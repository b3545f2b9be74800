/** Values of a metric by minute; a minute without one has none. */
export interface MinuteSeries {
  record(minute: number, value: number): void
  at(minute: number): number | undefined
}

export const openMinuteSeries = (): MinuteSeries => {
  const values = new Map<number, number>()
  return {
    record: (minute, value) => void values.set(minute, value),
    at: (minute) => values.get(minute),
  }
}

/**
 * A minute's value can be read when the minute is over and another has passed. CloudWatch promises nothing; one to two
 * minutes is what people see of SQS's metrics when the queue is in use, and of metrics out of logs.
 */
export const PUBLISHED_AFTER_MINUTES = 1

/** The newest minute whose value can be read as minute `now` begins. */
export const newestMinute = (now: number): number => now - 1 - PUBLISHED_AFTER_MINUTES

/** All of the newest `periods` values break the rule. A missing one does not. */
export const isBreached = (
  valueAt: (minute: number) => number | undefined,
  breaks: (value: number) => boolean,
  periods: number,
  now: number,
): boolean => {
  for (let back = 0; back < periods; back++) {
    const value = valueAt(newestMinute(now) - back)
    if (value === undefined || !breaks(value)) return false
  }
  return true
}

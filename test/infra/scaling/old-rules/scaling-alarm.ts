import type { MissingInArithmetic } from './metric-math.ts'

/** Reading of CloudWatch's documents by which alarms are evaluated. */
export interface AlarmReading {
  /**
   * Age of the newest minute that an alarm evaluates, counted from the minute that begins. In minute 1 no metric has a
   * value yet, in minute 2 all have: infra/scaling/simulation/minute-series.ts.
   */
  readonly newestMinutesAgo: 1 | 2
  readonly missing: MissingInArithmetic
}

/**
 * "When you use this function in an alarm, you can encounter an issue if your metrics are being published with a slight
 * delay, and the most recent minute never has data. In this case, FILL replaces that missing data point with the requested
 * value. That causes the latest data point for the metric to always be the FILL value, which can result in the alarm being
 * stuck in either OK state or ALARM state." (CloudWatch user guide, "Using math expressions with CloudWatch metrics", FILL)
 */
export const DOCUMENTED: AlarmReading = { newestMinutesAgo: 1, missing: 'zero' }

/** FILL waits until a minute is published; arithmetic takes a missing value for 0, as documented. */
export const FILL_WAITS: AlarmReading = { newestMinutesAgo: 2, missing: 'zero' }

/** The project's old evaluator: FILL waits, and arithmetic with a missing value has no value. */
export const OLD_EVALUATOR: AlarmReading = { newestMinutesAgo: 2, missing: 'dropped' }

/**
 * Data points that CloudWatch retrieves beyond the evaluation periods. Of an alarm with three periods it "retrieves the 5
 * most recent data points" (CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"); the numbers of
 * others are not documented.
 */
const FURTHER_POINTS = 2

/**
 * Newest value of an alarm that treats missing data as missing, if the alarm is in state ALARM as minute `now` begins.
 * "CloudWatch evaluates the alarm state based on the most recent existing data points that were successfully retrieved"
 * (the same document). Fewer points than periods are no alarm here. The document's table has one exception: the oldest
 * point of the range alone.
 */
export const alarmValue = (
  valueAt: (minute: number) => number | undefined,
  breaks: (value: number) => boolean,
  periods: number,
  now: number,
  { newestMinutesAgo }: AlarmReading,
): number | undefined => {
  const values: number[] = []
  for (let ago = 0; ago < periods + FURTHER_POINTS && values.length < periods; ago++) {
    const value = valueAt(now - newestMinutesAgo - ago)
    if (value === undefined) continue
    if (!breaks(value)) return undefined
    values.push(value)
  }
  return values.length === periods ? values[0] : undefined
}

import { ASLEEP_AFTER_SECONDS, type ClipQueue } from './clip-queue.ts'
import { type MinuteSeries, openMinuteSeries } from './minute-series.ts'
import type { Random } from './random.ts'

/*
 * SQS's metrics in CloudWatch. A queue that nobody has called for six hours is asleep and not measured any more; when
 * it is called again, its first values can take a quarter of an hour (SQS developer guide, monitoring with CloudWatch).
 */
const LONGEST_AWAKENING_SECONDS = 15 * 60

export interface QueueMetrics {
  readonly visible: MinuteSeries
  readonly inFlight: MinuteSeries
  /** Of the ingest function's own, out of its log: it knows nothing of that sleep. */
  readonly queued: MinuteSeries
  /** Once a second, after what arrived then was sent. */
  tick(now: number, arrived: number): void
}

export const openQueueMetrics = (queue: ClipQueue, random: Random): QueueMetrics => {
  const visible = openMinuteSeries()
  const inFlight = openMinuteSeries()
  const queued = openMinuteSeries()
  let wasActiveAt = queue.activeAt()
  let measuredFrom = 0
  let arrivedInMinute = 0
  return {
    visible,
    inFlight,
    queued,
    tick(now, arrived) {
      arrivedInMinute += arrived
      const activeAt = queue.activeAt()
      if (activeAt > wasActiveAt) {
        if (activeAt - wasActiveAt > ASLEEP_AFTER_SECONDS)
          measuredFrom = now + random() * LONGEST_AWAKENING_SECONDS
        wasActiveAt = activeAt
      }
      if (now % 60 !== 59) return
      const minute = Math.floor(now / 60)
      if (arrivedInMinute > 0) queued.record(minute, arrivedInMinute)
      arrivedInMinute = 0
      if (now < measuredFrom || now - activeAt > ASLEEP_AFTER_SECONDS) return
      visible.record(minute, queue.visible())
      inFlight.record(minute, queue.inFlight())
    },
  }
}

import type { FleetDeps } from '../../../../infra/scaling/simulation/fleet-deps.ts'
import { activeWorkers } from '../../../../infra/scaling/simulation/machines.ts'
import { type MinuteSeries, openMinuteSeries } from '../../../../infra/scaling/simulation/minute-series.ts'

/**
 * "CloudWatch considers a queue to be active for up to six hours if it contains any messages or if any action accesses it."
 * (SQS developer guide, "Monitoring Amazon SQS queues using CloudWatch")
 */
const ASLEEP_AFTER_SECONDS = 6 * 3600
/**
 * "A delay of up to 15 minutes occurs in CloudWatch metrics when a queue is activated from an inactive state." (the same
 * document)
 */
const LONGEST_AWAKENING_SECONDS = 15 * 60

export interface QueueMetrics {
  readonly visible: MinuteSeries
  readonly inFlight: MinuteSeries
  /** Count of jobs in ingest's own log, which does not depend on the state of the queue. */
  readonly queued: MinuteSeries
  /** Once a second. */
  tick(now: number): void
}

/** Metrics of the jobs queue as CloudWatch gets them: what a minute was, when the minute is over. */
export const openQueueMetrics = ({
  queue,
  machines,
  random,
}: Pick<FleetDeps, 'queue' | 'machines' | 'random'>): QueueMetrics => {
  const visible = openMinuteSeries()
  const inFlight = openMinuteSeries()
  const queued = openMinuteSeries()
  let activeAt = Number.NEGATIVE_INFINITY
  let measuredFrom = 0
  let arrivedBefore = 0
  let arrivedAtMinute = 0

  const isActive = (now: number): boolean =>
    queue.arrivedAt.length > arrivedBefore ||
    queue.visible() + queue.inFlight() > 0 ||
    activeWorkers(machines).some(({ worker }) => now >= worker.readyAt)

  return {
    visible,
    inFlight,
    queued,
    tick(now) {
      if (isActive(now)) {
        if (now - activeAt > ASLEEP_AFTER_SECONDS) measuredFrom = now + random() * LONGEST_AWAKENING_SECONDS
        activeAt = now
      }
      arrivedBefore = queue.arrivedAt.length
      if (now % 60 !== 59) return
      const minute = Math.floor(now / 60)
      if (arrivedBefore > arrivedAtMinute) queued.record(minute, arrivedBefore - arrivedAtMinute)
      arrivedAtMinute = arrivedBefore
      if (now < measuredFrom || now - activeAt > ASLEEP_AFTER_SECONDS) return
      visible.record(minute, queue.visible())
      inFlight.record(minute, queue.inFlight())
    },
  }
}

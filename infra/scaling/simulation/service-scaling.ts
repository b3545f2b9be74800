import type { MinuteValues } from '../scaling-metrics.ts'
import { isBreached, type MinuteSeries, newestMinute } from './minute-series.ts'
import type { Policy } from './policy.ts'
import type { QueueMetrics } from './queue-metrics.ts'

/*
 * Application Auto Scaling of the ECS service: how many workers it wants. TRACK's cooldowns are as AWS documents them:
 * in the one after scaling out, what was added counts as part of what is added next; in the one after scaling in,
 * nothing more is taken away, but scaling out ends it.
 */
export interface FleetSeries {
  readonly instances: MinuteSeries
  readonly reservation: MinuteSeries
}

export interface ServiceScaling {
  desired(): number
  /** As minute `now` begins. */
  evaluate(now: number): void
}

interface ScalingOptions {
  readonly policy: Policy
  readonly queue: QueueMetrics
  readonly fleet: FleetSeries
  readonly gpus: number
  readonly maxWorkers: number
}

export const openServiceScaling = (options: ScalingOptions): ServiceScaling => {
  const { policy, queue, fleet, gpus, maxWorkers } = options
  const { wake, track, sleep, clipsPerWorker } = policy
  const steps = wake.steps(clipsPerWorker, maxWorkers)
  const { valueOf: perWorker } = track.metric(clipsPerWorker, gpus)
  let desired = 0
  let added = 0
  let outMinute = Number.NEGATIVE_INFINITY
  let inMinute = Number.NEGATIVE_INFINITY

  const at = (minute: number): MinuteValues => ({
    visible: queue.visible.at(minute),
    inFlight: queue.inFlight.at(minute),
    queued: queue.queued.at(minute),
    instances: fleet.instances.at(minute),
    reservation: fleet.reservation.at(minute),
  })

  const wakeUp = (now: number): void => {
    const waiting = (minute: number) => wake.metric.valueOf(at(minute))
    if (!isBreached(waiting, (clips) => clips >= 1, wake.evaluationPeriods, now)) return
    const clips = waiting(newestMinute(now))!
    desired = steps.findLast(({ fromBacklog }) => clips >= fromBacklog)?.workers ?? desired
  }

  const scaleOut = (now: number, value: number): void => {
    const cooling = (now - outMinute) * 60 < track.scaleOutCooldownSeconds
    const base = cooling ? desired - added : desired
    const wanted = Math.min(maxWorkers, Math.ceil((base * value) / clipsPerWorker))
    if (wanted <= desired) return
    added = wanted - base
    desired = wanted
    outMinute = now
    inMinute = Number.NEGATIVE_INFINITY
  }

  const scaleIn = (now: number, value: number): void => {
    const wanted = Math.ceil((desired * value) / clipsPerWorker)
    if (wanted >= desired || (now - inMinute) * 60 < track.scaleInCooldownSeconds) return
    desired = wanted
    inMinute = now
  }

  const followBacklog = (now: number): void => {
    const valueAt = (minute: number) => perWorker(at(minute))
    const value = valueAt(newestMinute(now)) ?? 0
    const low = track.scaleInBelow * clipsPerWorker
    if (isBreached(valueAt, (clips) => clips > clipsPerWorker, track.scaleOutPeriods, now))
      scaleOut(now, value)
    else if (isBreached(valueAt, (clips) => clips < low, track.scaleInPeriods, now)) scaleIn(now, value)
  }

  const fallAsleep = (now: number): void => {
    const left = (minute: number) => sleep.metric.valueOf(at(minute))
    if (isBreached(left, (clips) => clips <= 0, sleep.evaluationPeriods, now)) desired = 0
  }

  return {
    desired: () => desired,
    evaluate(now) {
      fallAsleep(now)
      followBacklog(now)
      wakeUp(now)
    },
  }
}

import type { CapacityProvider } from '../../../../infra/scaling/simulation/capacity-provider.ts'
import { openEcsFleet, type ServiceRule } from '../../../../infra/scaling/simulation/ecs-fleet.ts'
import type { Fleet, FleetDeps } from '../../../../infra/scaling/simulation/fleet-deps.ts'
import { evaluateMetricMath } from './metric-math.ts'
import { openQueueMetrics, type QueueMetrics } from './queue-metrics.ts'
import { type AlarmReading, alarmValue } from './scaling-alarm.ts'

/*
 * The rule by which the ECS service was scaled before dispatch set its count: two alarms with step scaling, and a
 * target-tracking policy, all on metric math.
 *
 *   WAKE    no worker has a clip, and clips wait     after 1 minute     so many workers as the steps say
 *   TRACK   clips for each worker above the target   after 3 minutes    more, in proportion
 *           below 0.9 of it                          after 15 minutes   fewer
 *   SLEEP   no clip waits or is in work              after 5 minutes    none
 */
const WAKE_EXPRESSION = 'IF(FILL(inFlight, 0) < 1, MAX([FILL(visible, 0), FILL(queued, 0)]), 0)'
const SLEEP_EXPRESSION = 'visible + inFlight + FILL(queued, 0)'
/** Reservation of ECS, in percent, above which no more workers were ordered. */
const HOLD_ABOVE_RESERVATION = 110

const trackExpression = (clipsPerWorker: number): string => {
  const workers = 'IF(instances > 0, instances, 1)'
  const inHand = `${clipsPerWorker} * IF(inFlight < ${workers}, inFlight / ${workers}, 1)`
  const needed = `MAX([(visible + inFlight) / ${workers}, ${inHand}])`
  const held = `IF(${needed} > ${clipsPerWorker}, ${clipsPerWorker}, ${needed})`
  return `IF(instances < 1, ${clipsPerWorker}, IF(FILL(reservation, 100) > ${HOLD_ABOVE_RESERVATION}, ${held}, ${needed}))`
}

const WAKE_PERIODS = 1
const SLEEP_PERIODS = 5
const SCALE_OUT_PERIODS = 3
const SCALE_IN_PERIODS = 15
const SCALE_IN_BELOW = 0.9
const COOLDOWN_MINUTES = 5

/** Workers for so many clips that wait: one for one, two for two, and twice as many for each doubling of the backlog. */
const wakeWorkers = (clips: number, clipsPerWorker: number, maxWorkers: number): number => {
  let workers = Math.min(maxWorkers, clips >= 2 ? 2 : 1)
  while (workers < maxWorkers && clips >= Math.min(2 * workers, maxWorkers) * clipsPerWorker)
    workers = Math.min(2 * workers, maxWorkers)
  return workers
}

const openServiceScaling = (
  { policy: { clipsPerWorker }, maxWorkers }: FleetDeps,
  queue: QueueMetrics,
  provider: CapacityProvider,
  reading: AlarmReading,
): ServiceRule => {
  const series = { ...queue, instances: provider.instances, reservation: provider.reservation }
  const seriesOf =
    (expression: string) =>
    (minute: number): number | undefined => {
      const { visible, inFlight, queued, instances, reservation } = series
      const metrics = { visible, inFlight, queued, instances, reservation }
      const values = Object.fromEntries(
        Object.entries(metrics).map(([name, { at }]) => {
          // What a minute was can be read one minute after its end.
          const isPublished = minute <= current - 2
          return [name, isPublished ? at(minute) : undefined]
        }),
      )
      return evaluateMetricMath(expression, values, reading.missing)
    }
  const wake = seriesOf(WAKE_EXPRESSION)
  const sleep = seriesOf(SLEEP_EXPRESSION)
  const track = seriesOf(trackExpression(clipsPerWorker))
  let current = 0
  let desired = 0
  let added = 0
  let outMinute = Number.NEGATIVE_INFINITY
  let inMinute = Number.NEGATIVE_INFINITY

  /** In the cooldown after scaling out, what was added counts as part of what is added next. */
  const scaleOut = (value: number): void => {
    const base = current - outMinute < COOLDOWN_MINUTES ? desired - added : desired
    const wanted = Math.min(maxWorkers, Math.ceil((base * value) / clipsPerWorker))
    if (wanted <= desired) return
    added = wanted - base
    desired = wanted
    outMinute = current
    inMinute = Number.NEGATIVE_INFINITY
  }

  const scaleIn = (value: number): void => {
    const wanted = Math.ceil((desired * value) / clipsPerWorker)
    if (wanted >= desired || current - inMinute < COOLDOWN_MINUTES) return
    desired = wanted
    inMinute = current
  }

  return (now) => {
    current = now / 60
    const inAlarm = (
      valueAt: (minute: number) => number | undefined,
      breaks: (value: number) => boolean,
      periods: number,
    ) => alarmValue(valueAt, breaks, periods, current, reading)
    if (inAlarm(sleep, (clips) => clips <= 0, SLEEP_PERIODS) !== undefined) desired = 0
    const high = inAlarm(track, (clips) => clips > clipsPerWorker, SCALE_OUT_PERIODS)
    const low = inAlarm(track, (clips) => clips < SCALE_IN_BELOW * clipsPerWorker, SCALE_IN_PERIODS)
    if (high !== undefined) scaleOut(high)
    else if (low !== undefined) scaleIn(low)
    const waiting = inAlarm(wake, (clips) => clips >= 1, WAKE_PERIODS)
    if (waiting !== undefined) desired = wakeWorkers(waiting, clipsPerWorker, maxWorkers)
    return { desired, isPaused: false }
  }
}

/** Workers as tasks of an ECS service that alarms scale. */
export const openAlarmScaledFleet = (setup: FleetDeps, reading: AlarmReading): Fleet => {
  const metrics = openQueueMetrics(setup)
  const fleet = openEcsFleet(setup, (_, provider) => openServiceScaling(setup, metrics, provider, reading))
  return {
    ...fleet,
    tick(now) {
      metrics.tick(now)
      fleet.tick(now)
    },
  }
}

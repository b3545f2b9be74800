import type { FleetDeps } from './fleet-deps.ts'
import { isRegistered, type SimulatedMachine } from './machines.ts'
import { isBreached, type MinuteSeries, newestMinute, openMinuteSeries } from './minute-series.ts'

/*
 * ECS's managed scaling of the Auto Scaling group (ECS developer guide, cluster auto scaling): once a minute a metric,
 * CapacityProviderReservation, and a target-tracking policy on it.
 *
 *   tasks without a place                   100 x (instances + those they need) / instances
 *   none, and instances without a task      100 less one for each
 *   from no instance at all                 200: always two instances, however many are needed
 *
 * It grows when the metric is above 100 for a minute and every instance has passed its warm-up, and shrinks after 15
 * minutes below, each minute by one instance up to half of the group. Only instances without a task are ended.
 */
const FROM_ZERO_INSTANCES = 2

export interface CapacityProvider {
  /** That the group wants. */
  readonly instances: MinuteSeries
  readonly reservation: MinuteSeries
  /** Once a second: launches what is missing. */
  tick(now: number): void
  /** Once a minute. */
  evaluate(now: number, tasksWithoutPlace: number): void
}

export const openCapacityProvider = ({ policy, machines, gpus, maxWorkers }: FleetDeps): CapacityProvider => {
  const { instanceWarmupSeconds, scaleInPeriods, targetCapacityPercent } = policy.managedScaling
  const instances = openMinuteSeries()
  const reservation = openMinuteSeries()
  const maxInstances = Math.ceil(maxWorkers / gpus)
  let desired = 0

  const emptyOf = (now: number): readonly SimulatedMachine[] =>
    [...machines.running].filter((machine) => isRegistered(machine, now) && machine.workers.size === 0)

  const reservationNow = (now: number, tasksWithoutPlace: number): number => {
    const running = [...machines.running].filter(({ runningAt }) => now >= runningAt).length
    if (tasksWithoutPlace === 0) return 100 - emptyOf(now).length
    return running === 0 ? 200 : (100 * (running + Math.ceil(tasksWithoutPlace / gpus))) / running
  }

  const grow = (now: number, percent: number): void => {
    const warm = [...machines.running].every(({ launchedAt }) => now - launchedAt >= instanceWarmupSeconds)
    if (!warm) return
    const wanted =
      desired === 0 ? FROM_ZERO_INSTANCES : Math.ceil((desired * percent) / targetCapacityPercent)
    desired = Math.max(desired, Math.min(maxInstances, wanted))
  }

  const shrink = (now: number): void => {
    const empty = emptyOf(now)
    const most = Math.max(1, Math.floor(desired / 2))
    for (const machine of empty.slice(0, most)) {
      machines.end(machine, now)
      desired--
    }
  }

  return {
    instances,
    reservation,
    tick(now) {
      while (machines.running.size < desired) machines.launch(now)
    },
    evaluate(now, tasksWithoutPlace) {
      const minute = Math.floor(now / 60)
      const percent = reservation.at(newestMinute(minute))
      if (percent !== undefined && percent > targetCapacityPercent) grow(now, percent)
      else if (isBreached(reservation.at, (value) => value < targetCapacityPercent, scaleInPeriods, minute))
        shrink(now)
      instances.record(minute - 1, desired)
      reservation.record(minute - 1, reservationNow(now, tasksWithoutPlace))
    },
  }
}

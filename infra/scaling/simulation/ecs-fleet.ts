import { openCapacityProvider } from './capacity-provider.ts'
import { type Fleet, type FleetWorld, want } from './fleet-world.ts'
import { activeWorkers, findPlace } from './machines.ts'
import { openServiceScaling } from './service-scaling.ts'
import { drainWorker, isIdle, isProtected } from './worker.ts'

/** `SVD_DRAIN_SECONDS` of the stack: from SIGTERM to the end. */
const DRAIN_SECONDS = 110
/** ECS looks after a service some times a minute. */
const RECONCILE_SECONDS = 10

/** Workers as tasks of an ECS service, on instances of a capacity provider. */
export const openEcsFleet = (world: FleetWorld): Fleet => {
  const { machines, policy, queue, metrics, tally, gpus, maxWorkers } = world
  const provider = openCapacityProvider(world)
  const scaling = openServiceScaling({ policy, queue: metrics, fleet: provider, gpus, maxWorkers })
  /** Tasks in state PROVISIONING. */
  let withoutPlace = 0

  /** Those that wait for a place first, then any that are not protected; who is protected stays until it is not. */
  const stopTasks = (count: number, now: number): void => {
    const waiting = Math.min(count, withoutPlace)
    withoutPlace -= waiting
    const stoppable = activeWorkers(machines).filter(
      ({ worker }) => !policy.protectsTasks || !isProtected(worker, now),
    )
    for (const { machine, worker } of stoppable.slice(0, count - waiting)) {
      tally.cutRenders += worker.rendering === null ? 0 : 1
      drainWorker(worker, now, now + DRAIN_SECONDS, queue)
      if (isIdle(worker)) machines.endWorker(machine, worker, now)
    }
  }

  const reconcile = (now: number): void => {
    const missing = scaling.desired() - activeWorkers(machines).length - withoutPlace
    if (missing < 0) stopTasks(-missing, now)
    else withoutPlace += missing
    while (withoutPlace > 0) {
      const machine = findPlace(machines, gpus, now)
      if (machine === undefined) break
      machines.startWorker(machine, now)
      withoutPlace--
    }
  }

  return {
    tick(now) {
      if (now % 60 === 0) {
        scaling.evaluate(now / 60)
        want(tally, now, scaling.desired())
        provider.evaluate(now, withoutPlace)
      }
      provider.tick(now)
      if (now % RECONCILE_SECONDS === 0) reconcile(now)
    },
    // The service misses a task, and starts another.
    onReclaim: () => {},
  }
}

import { type CapacityProvider, openCapacityProvider } from './capacity-provider.ts'
import { type Fleet, type FleetDeps, want } from './fleet-deps.ts'
import { activeWorkers, findPlace } from './machines.ts'
import { isPaused, openSimulatedDispatch, REVISION } from './simulated-dispatch.ts'
import { drainWorker, isIdle, isProtected, pauseWorker } from './worker.ts'

/** `SVD_DRAIN_SECONDS` of the stack: from SIGTERM to the end. */
const DRAIN_SECONDS = 110
/** ECS looks after a service some times a minute. */
const RECONCILE_SECONDS = 10

/** Tasks of the service as its rule sees them. */
export interface ServiceSeen {
  readonly desired: number
  readonly running: number
  readonly pending: number
}

/** Rule that sets the desired count of the service. It runs each `policy.dispatch.everySeconds`. */
export type ServiceRule = (
  now: number,
  seen: ServiceSeen,
) => { readonly desired: number; readonly isPaused: boolean }

export type OpenServiceRule = (deps: FleetDeps, provider: CapacityProvider) => ServiceRule

/** Rule that is deployed: dispatch sets the count. */
const openDispatchRule: OpenServiceRule = (deps) => {
  const dispatch = openSimulatedDispatch(deps)
  return (now, seen) => {
    const service = { ...seen, deploymentId: REVISION, olderRunning: 0 }
    const decision = dispatch(now, { batch: null, service })
    return { desired: decision.desired ?? seen.desired, isPaused: isPaused(decision) }
  }
}

/** Workers as tasks of an ECS service, on instances of a capacity provider. */
export const openEcsFleet = (deps: FleetDeps, openRule: OpenServiceRule = openDispatchRule): Fleet => {
  const { machines, policy, queue, tally, gpus } = deps
  const provider = openCapacityProvider(deps)
  const rule = openRule(deps, provider)
  let desired = 0
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
    const missing = desired - activeWorkers(machines).length - withoutPlace
    if (missing < 0) stopTasks(-missing, now)
    else withoutPlace += missing
    while (withoutPlace > 0) {
      const machine = findPlace(machines, gpus, now)
      if (machine === undefined) break
      machines.startWorker(machine, now)
      withoutPlace--
    }
  }

  /** ECS starts another in its place. */
  const endFailing = (now: number): void => {
    for (const { machine, worker } of activeWorkers(machines))
      if (now >= worker.readyAt) machines.endWorker(machine, worker, now)
  }

  const setDesired = (now: number): void => {
    const running = activeWorkers(machines).length
    const decision = rule(now, { desired, running, pending: withoutPlace })
    desired = decision.desired
    want(tally, now, Math.max(desired, running))
    if (decision.isPaused) for (const { worker } of activeWorkers(machines)) pauseWorker(worker, now, queue)
  }

  return {
    tick(now) {
      if (now % policy.dispatch.everySeconds === 0) setDesired(now)
      if (now % 60 === 0) provider.evaluate(now, withoutPlace)
      provider.tick(now)
      if (policy.workersFail) endFailing(now)
      if (now % RECONCILE_SECONDS === 0) reconcile(now)
    },
    // The service misses a task, and starts another.
    onReclaim: () => {},
  }
}

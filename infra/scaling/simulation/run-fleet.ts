import type { InstanceType } from '../../../shared/fleet/instance-types.ts'
import { openBatchFleet } from './batch-fleet.ts'
import { bootTimesOf } from './boot-times.ts'
import { openClipQueue } from './clip-queue.ts'
import { openEcsFleet } from './ecs-fleet.ts'
import type { Fleet, FleetDeps, Tally } from './fleet-deps.ts'
import { openMachines } from './machines.ts'
import type { Policy } from './policy.ts'
import { seededRandom } from './random.ts'
import { openSpot, type SpotMarket } from './spot.ts'
import { type ClipSeconds, isIdle, stepWorker } from './worker.ts'

export interface FleetOptions {
  readonly way: 'ecs' | 'batch'
  readonly policy: Policy
  readonly instanceType: InstanceType
  readonly clip: ClipSeconds
  readonly spot: SpotMarket
  readonly maxWorkers: number
  /** Clips that arrive in second `now`. */
  readonly arrivals: (now: number) => number
  /** No clip arrives from then on. */
  readonly lastArrivalSeconds: number
  /** It is given up then, whatever is left. */
  readonly horizonSeconds: number
  readonly seed: number
}

export interface FleetRun {
  readonly options: FleetOptions
  readonly queue: FleetDeps['queue']
  readonly machines: FleetDeps['machines']
  readonly tally: Tally
  /** Most at one time. */
  readonly peak: { readonly workers: number; readonly machines: number }
  readonly endedAt: number
}

/** Opens a fleet with the rules that are deployed. */
const openDeployedFleet = (way: FleetOptions['way'], deps: FleetDeps): Fleet =>
  way === 'ecs' ? openEcsFleet(deps) : openBatchFleet(deps)

/** Runs a fleet from nothing, second by second, until all clips are done and all machines ended. */
export const runFleet = (options: FleetOptions, openFleet = openDeployedFleet): FleetRun => {
  const { policy, instanceType, clip, maxWorkers, seed, arrivals, lastArrivalSeconds } = options
  const random = seededRandom(seed)
  const queue = openClipQueue()
  const machines = openMachines(bootTimesOf(instanceType), options.spot.reclaimsPerInstanceHour, random)
  const tally: Tally = { cutRenders: 0, lostRenders: 0, reclaims: 0, countedHours: new Map(), wanted: [] }
  const deps = { policy, queue, machines, random, gpus: instanceType.gpus, maxWorkers, tally }
  const fleet = openFleet(options.way, deps)
  const spot = openSpot(deps, options.spot, fleet.onReclaim)
  const peak = { workers: 0, machines: 0 }

  const stepWorkers = (now: number): void => {
    let workers = 0
    for (const machine of machines.running) {
      for (const worker of machine.workers) {
        workers++
        stepWorker(worker, now, queue, clip, random)
        if (worker.endsAt !== null && isIdle(worker)) machines.endWorker(machine, worker, now)
      }
    }
    peak.workers = Math.max(peak.workers, workers)
    peak.machines = Math.max(peak.machines, machines.running.size)
  }

  const isOver = (now: number): boolean =>
    now >= options.horizonSeconds ||
    (now > lastArrivalSeconds && machines.running.size === 0 && queue.visible() + queue.inFlight() === 0)

  let now = 0
  for (; !isOver(now); now++) {
    const arrived = now <= lastArrivalSeconds ? arrivals(now) : 0
    queue.send(arrived, now)
    queue.tick(now)
    fleet.tick(now)
    spot(now)
    stepWorkers(now)
  }
  return { options, queue, machines, tally, peak, endedAt: now }
}

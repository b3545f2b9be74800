import type { FleetDeps } from './fleet-deps.ts'
import type { SimulatedMachine } from './machines.ts'
import { drainWorker, loseWorker } from './worker.ts'

/** EC2's notice comes two minutes before the end, best effort. */
const NOTICE_SECONDS = 120

export interface SpotMarket {
  /** Mean count of reclaims of an instance in an hour. 0: on demand. */
  readonly reclaimsPerInstanceHour: number
  /** Share of reclaims that come without a notice: 0 to 1. */
  readonly withoutNotice: number
  /** Seconds until a message whose lease no worker extends is visible again: worker/queue/hold-lease.ts. */
  readonly leaseSeconds: number
}

/** Takes machines away; `onReclaim` is called for each worker that is on one. Call it once a second. */
export const openSpot = (
  { machines, queue, random, tally }: FleetDeps,
  market: SpotMarket,
  onReclaim: (now: number) => void,
): ((now: number) => void) => {
  const end = (machine: SimulatedMachine, now: number): void => {
    for (const worker of machine.workers) {
      tally.lostRenders += worker.rendering === null ? 0 : 1
      loseWorker(worker, now, queue, market.leaseSeconds)
    }
    machine.workers.clear()
    machines.end(machine, now)
  }

  const reclaim = (machine: SimulatedMachine, now: number): void => {
    machine.reclaimedAt = now
    tally.reclaims++
    const noticed = random() >= market.withoutNotice
    for (const worker of machine.workers) {
      if (worker.endsAt === null) onReclaim(now)
      if (noticed) tally.lostRenders += drainWorker(worker, now, now + NOTICE_SECONDS, queue)
    }
    if (!noticed) end(machine, now)
  }

  return (now) => {
    for (const machine of machines.running) {
      if (machine.reclaimedAt !== null) {
        if (now - machine.reclaimedAt >= NOTICE_SECONDS) end(machine, now)
      } else if (now >= machine.reclaimAt) reclaim(machine, now)
    }
  }
}

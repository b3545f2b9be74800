import type { ClipQueue } from './clip-queue.ts'
import type { Machines } from './machines.ts'
import type { Policy } from './policy.ts'
import type { Random } from './random.ts'

/** State that the parts of a fleet share. Times are whole seconds from the start. */
export interface FleetDeps {
  readonly policy: Policy
  readonly queue: ClipQueue
  readonly machines: Machines
  readonly random: Random
  /** Count of GPUs in an instance. */
  readonly gpus: number
  readonly maxWorkers: number
  readonly tally: Tally
}

export interface Tally {
  /** Workers that received SIGTERM from scale-in while they rendered. */
  cutRenders: number
  /** Renders that ended with a reclaimed machine. */
  lostRenders: number
  reclaims: number
  /**
   * Machine hours that dispatch counts for its budget, by day. A machine costs a dollar an hour, so dollars are
   * hours.
   */
  readonly countedHours: Map<string, number>
  /** Count of wanted workers, each time that it changed. */
  readonly wanted: { readonly at: number; readonly workers: number }[]
}

/** A way to run workers. */
export interface Fleet {
  /** Once a second, before workers do anything. */
  tick(now: number): void
  /** A worker loses its place to Spot. */
  onReclaim(now: number): void
}

export const want = ({ wanted }: Tally, at: number, workers: number): void => {
  if (wanted.at(-1)?.workers !== workers) wanted.push({ at, workers })
}

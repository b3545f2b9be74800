import type { QueueDepth } from '../../shared/ports/message-queue.ts'

export interface FleetLimits {
  /** So much backlog is worth a worker. */
  readonly clipsPerWorker: number
  readonly maxWorkers: number
}

/** What is in flight is with workers, and still to be done: without it the last clips would have none. */
export const backlogOf = ({ visible, inFlight, delayed }: QueueDepth): number => visible + inFlight + delayed

export const workersNeeded = (backlog: number, { clipsPerWorker, maxWorkers }: FleetLimits): number =>
  Math.min(maxWorkers, Math.ceil(backlog / clipsPerWorker))

import type { QueueDepth } from '../../shared/ports/message-queue.ts'

export interface FleetLimits {
  /** So much backlog is worth a worker. */
  readonly clipsPerWorker: number
  readonly maxWorkers: number
}

/** Messages in flight count, because their jobs are not completed: without them the last clips would have no worker. */
export const backlogOf = ({ visible, inFlight, delayed }: QueueDepth): number => visible + inFlight + delayed

export const workersNeeded = (backlog: number, { clipsPerWorker, maxWorkers }: FleetLimits): number =>
  Math.min(maxWorkers, Math.ceil(backlog / clipsPerWorker))

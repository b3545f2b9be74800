import { type DispatchTimes, dispatchWorkers } from '../../../functions/dispatch/dispatch-workers.ts'
import type { DispatchEvent, DispatchWorld } from '../../../functions/dispatch/dispatch-world.ts'
import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import type { QueueDepth } from '../../../shared/ports/message-queue.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { type MemoryBatchJobsOptions, openMemoryBatchJobs } from '../../fixtures/memory-batch-jobs.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

export interface WorldOptions extends Omit<MemoryBatchJobsOptions, 'now'> {
  readonly backlog?: number | QueueDepth
  readonly clipsPerWorker?: number
  readonly maxWorkers?: number
  readonly storeFaults?: Faults<StoreOperation>
  readonly depth?: () => Promise<QueueDepth>
}

const START = Date.UTC(2026, 0, 2, 3, 4, 5)

/** A queue of so many clips, Batch and a bucket in memory, and a clock that stands still but for the pauses. */
export const aWorld = ({
  backlog = 0,
  clipsPerWorker = 10,
  maxWorkers = 50,
  storeFaults = {},
  depth,
  ...options
}: WorldOptions = {}) => {
  let time = START
  let names = 0
  const state = { backlog }
  const output = openMemoryObjectStore({ bucket: 'output', now: () => time, faults: storeFaults })
  const batch = openMemoryBatchJobs({ ...options, now: () => time })
  const told: DispatchEvent[] = []
  const world: DispatchWorld = {
    ...{ output, batch, limits: { clipsPerWorker, maxWorkers } },
    jobs: {
      depth:
        depth ??
        (async () =>
          typeof state.backlog === 'number'
            ? { visible: state.backlog, inFlight: 0, delayed: 0 }
            : state.backlog),
    },
    now: () => new Date(time),
    async sleep(ms) {
      time += ms
    },
    newWorkerName: () => `worker-${++names}`,
    tell: (event) => told.push(event),
  }
  return {
    ...{ world, state, output, batch, told },
    dispatch: (times: Partial<DispatchTimes> = {}) =>
      dispatchWorkers(world, { untilMs: Number.POSITIVE_INFINITY, signal: unaborted, ...times }),
    now: () => time,
    wait: (ms: number) => {
      time += ms
    },
    /** Names in the state, with their ids. */
    asked: async (): Promise<Record<string, string | null>> => {
      const stored = (await storedJson(output, DISPATCH_STATE_KEY)) as {
        workers: { name: string; job_id: string | null }[]
      }
      return Object.fromEntries(stored.workers.map(({ name, job_id }) => [name, job_id]))
    },
  }
}

export const MINUTE_MS = 60_000

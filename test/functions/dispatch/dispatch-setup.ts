import type { DispatchFigures } from '../../../functions/dispatch/decide-dispatch.ts'
import type { DispatchDeps, DispatchLogEvent } from '../../../functions/dispatch/dispatch-deps.ts'
import { type DispatchTimes, dispatchWorkers } from '../../../functions/dispatch/dispatch-workers.ts'
import { DISPATCH_STATE_KEY, modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import {
  type DispatchState,
  encodeDispatchState,
  type FleetState,
  NEW_FLEET,
  newDispatchState,
} from '../../../shared/contracts/dispatch-state.ts'
import type { QueueDepth } from '../../../shared/ports/message-queue.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { type MemoryBatchJobsOptions, openMemoryBatchJobs } from '../../fixtures/memory-batch-jobs.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../fixtures/memory-object-store.ts'
import {
  type MemoryWorkerServiceOptions,
  openMemoryWorkerService,
} from '../../fixtures/memory-worker-service.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

export interface DispatchSetupOptions extends Omit<MemoryBatchJobsOptions, 'now'> {
  readonly backlog?: number | QueueDepth
  readonly compute?: 'batch' | 'ec2' | 'both'
  readonly figures?: Partial<DispatchFigures>
  readonly storeFaults?: Faults<StoreOperation>
  readonly service?: MemoryWorkerServiceOptions
  readonly depth?: () => Promise<QueueDepth>
  /** Workers of this deployment have worked before; default: they have. */
  readonly proven?: boolean
  /** Whether the model's record is in its bucket; default: it is. */
  readonly pushed?: boolean
}

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
export const REVISION = 'worker:1'
export const DEPLOYMENT = 'ecs-svc/1'
const JSON_TYPE = { contentType: 'application/json' }

/** A queue of so many clips, Batch, ECS and buckets in memory, and a clock that stands still but for the pauses. */
export const dispatchSetup = ({
  backlog = 0,
  compute = 'batch',
  figures = {},
  storeFaults = {},
  service = {},
  depth,
  proven = true,
  pushed = true,
  ...options
}: DispatchSetupOptions = {}) => {
  let time = START
  let names = 0
  const now = () => time
  const state: { backlog: number | QueueDepth } = { backlog }
  /** The faults of a test are for dispatch. */
  let isPrepared = false
  const output = openMemoryObjectStore({
    ...{ bucket: 'output', now },
    faults: {
      before: (...call) => (isPrepared ? storeFaults.before?.(...call) : undefined),
      after: (...call) => (isPrepared ? storeFaults.after?.(...call) : undefined),
    },
  })
  const models = openMemoryObjectStore({ bucket: 'models', now })
  const batch = openMemoryBatchJobs({ ...options, now })
  const ecs = openMemoryWorkerService(service)
  const told: DispatchLogEvent[] = []
  const push = (content = 'record'): Promise<unknown> =>
    models.put(modelRecordKey('svd-xt'), Buffer.from(content), JSON_TYPE, unaborted)
  const deps: DispatchDeps = {
    ...{ output, models },
    batch: compute === 'ec2' ? null : batch,
    service: compute === 'batch' ? null : ecs,
    figures: {
      ...{ clipsPerWorker: 10, maxWorkers: 50, modelId: 'svd-xt' },
      ...{ batchRevision: compute === 'ec2' ? null : REVISION, gpusPerMachine: 1 },
      ...{ usdPerMachineHour: { batch: 2, ecs: 1 }, maxUsdPerDay: null },
      ...figures,
    },
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
    onEvent: (event) => told.push(event),
  }

  /** Stores what exists before the first call: the record of the model, and a fleet that works. */
  const prepare = async (): Promise<void> => {
    if (pushed) await push()
    if (!proven) return
    const record = await models.head(modelRecordKey('svd-xt'), unaborted)
    const fleet = (revision: string): FleetState => ({
      ...{ ...NEW_FLEET, revision, model: record?.etag ?? null, proven: true },
    })
    const known: DispatchState = {
      ...newDispatchState(new Date(time)),
      batch: compute === 'ec2' ? null : fleet(REVISION),
      ecs: compute === 'batch' ? null : fleet(DEPLOYMENT),
    }
    const bytes = encodeDispatchState(known, new Date(time))
    await output.create(DISPATCH_STATE_KEY, bytes, JSON_TYPE, unaborted)
  }
  let prepared: Promise<void> | null = null

  const dispatchAs = async (as: DispatchDeps, times: Partial<DispatchTimes> = {}): Promise<void> => {
    prepared ??= prepare().then(() => {
      isPrepared = true
    })
    await prepared
    await dispatchWorkers(as, { untilMs: Number.POSITIVE_INFINITY, signal: unaborted, ...times })
  }

  return {
    ...{ deps, state, output, models, batch, ecs, told, push },
    dispatch: (times: Partial<DispatchTimes> = {}) => dispatchAs(deps, times),
    /** Dispatches for another deployment, with the same state. */
    dispatchAs,
    now,
    wait: (ms: number) => {
      time += ms
    },
    /** The last event. */
    last: () => told.at(-1),
    stored: async (): Promise<DispatchState> =>
      (await storedJson(output, DISPATCH_STATE_KEY)) as DispatchState,
    /** Names in the state, with their ids. */
    asked: async (): Promise<Record<string, string | null>> => {
      const stored = (await storedJson(output, DISPATCH_STATE_KEY)) as DispatchState
      return Object.fromEntries(stored.workers.map(({ name, job_id }) => [name, job_id]))
    },
  }
}

export const MINUTE_MS = 60_000

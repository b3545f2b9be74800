import type { DispatchLogEvent } from '../../../../functions/dispatch/dispatch-deps.ts'
import { backlogOf, workersNeeded } from '../../../../functions/dispatch/workers-needed.ts'
import { modelRecordKey } from '../../../../shared/contracts/bucket-layout.ts'
import { SubmitRefusedError } from '../../../../shared/ports/batch-jobs.ts'
import { type MemoryBatchJobs, openMemoryBatchJobs } from '../../../fixtures/memory-batch-jobs.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { dateAt } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'
import { NO_CALL_FAULTS } from '../../../worker/queue/simulation/faulty-call.ts'
import { seededRandom } from '../../../worker/queue/simulation/seeded-random.ts'
import { HEALED_MS, MINUTE_MS, planSchedule } from './schedule.ts'
import { simulateDispatch } from './simulated-dispatch.ts'
import { simulateFleet } from './simulated-fleet.ts'

export interface SimulationResult {
  readonly seed: number
  /** Broken promises; empty if all were kept. */
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly events: readonly DispatchLogEvent[]
}

export interface SimulationOptions {
  /** Puts something else in front of the bucket, or of Batch: to see that a fault of it is found. */
  readonly alterStore?: (store: MemoryObjectStore) => MemoryObjectStore
  readonly alterBatch?: (batch: MemoryBatchJobs) => MemoryBatchJobs
}

const OVER_MS = 12 * 60 * MINUTE_MS
/** A decision's requests are made, and have arrived, by then. */
const DECIDED_WITHIN_MS = 3 * MINUTE_MS

/** Runs one schedule to its end. The same seed gives the same run. */
export const simulate = async (
  seed: number,
  { alterStore = (store) => store, alterBatch = (batch) => batch }: SimulationOptions = {},
): Promise<SimulationResult> => {
  const random = seededRandom(seed)
  const schedule = planSchedule(random)
  const time = openVirtualTime()
  const now = (): number => dateAt(time.nowMs()).getTime()
  const isHealed = (): boolean => time.nowMs() >= HEALED_MS
  const violations: string[] = []
  const lines: string[] = []
  const events: DispatchLogEvent[] = []
  const trace = (line: string): void => {
    lines.push(`${(time.nowMs() / 1000).toFixed(3)} ${line}`)
  }
  const violate = (what: string): void => {
    trace(`!!! ${what}`)
    violations.push(what)
  }

  const output = openMemoryObjectStore({ bucket: 'output', now })
  const models = openMemoryObjectStore({ bucket: 'models', now })
  const json = { contentType: 'application/json' }
  await models.put(modelRecordKey('svd-xt'), Buffer.from('{}'), json, unaborted)
  const has = (probability: number): boolean => !isHealed() && random.chance(probability)
  const batch = openMemoryBatchJobs({
    now,
    lagMs: () => random.between(0, schedule.lagMs),
    refuse: () => (has(schedule.throttled) ? new SubmitRefusedError('TooManyRequestsException', true) : null),
    slips: () => has(schedule.slips),
    faults: {
      after(operation, name) {
        if (operation === 'submit') started(name)
      },
    },
  })
  const fleet = simulateFleet({ time, random, schedule, batch, isHealed })

  /** The workers that were needed at each check of dispatch, or existed already. */
  const looks: { readonly atMs: number; readonly most: number }[] = []
  const look = () => {
    const depth = fleet.depth()
    const most = Math.max(workersNeeded(backlogOf(depth), schedule), batch.active().length)
    looks.push({ atMs: time.nowMs(), most })
    return depth
  }

  const started = (name: string): void => {
    const { jobId } = batch.all().find((job) => job.name === name)!
    fleet.bringUp(jobId)
    const since = time.nowMs() - DECIDED_WITHIN_MS
    const most = Math.max(0, ...looks.filter(({ atMs }) => atMs >= since).map(({ most }) => most))
    const active = batch.active().length
    if (active > most) violate(`${active} workers are active where ${most} are needed`)
    const all = batch.all().length
    const ever = Math.max(...looks.map(({ most }) => most))
    if (schedule.endless && all > ever) violate(`${all} workers were started where ${ever} are needed`)
  }

  const invoke = simulateDispatch({
    ...{ time, random, models, depth: look, trace },
    figures: {
      ...{ clipsPerWorker: schedule.clipsPerWorker, maxWorkers: schedule.maxWorkers },
      ...{ modelId: 'svd-xt', batchRevision: 'worker:1', gpusPerMachine: 1 },
      ...{ usdPerMachineHour: { batch: 1, ecs: 1 }, maxUsdPerDay: null },
    },
    output: alterStore(output),
    batch: alterBatch(batch),
    faults: () => (isHealed() ? NO_CALL_FAULTS : schedule.calls),
    late: () => (isHealed() ? 0 : schedule.late),
    onEvent(event) {
      trace(JSON.stringify(event))
      events.push(event)
    },
  })

  for (const { atMs, clips } of schedule.drops) time.after(atMs, () => fleet.drop(clips))
  let isOver = false
  const tick = (): void => {
    if (isOver) return
    const calls = random.pick(schedule.callsAMinute)
    for (let n = 0; n < calls; n++) time.after(random.between(0, 20_000), invoke)
    time.after(MINUTE_MS, tick)
  }
  tick()

  const isServed = (): boolean => {
    if (!isHealed()) return false
    if (!schedule.endless) return fleet.backlog() === 0 && batch.active().length === 0
    return batch.all().length === workersNeeded(fleet.backlog(), schedule)
  }
  try {
    await time.runUntil(() => violations.length > 0 || isServed(), OVER_MS)
    isOver = true
  } catch (error) {
    violate(`${error instanceof Error ? error.message : error}`)
  }
  return { seed, violations, trace: lines, events }
}

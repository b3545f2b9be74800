import { backlogOf, workersNeeded } from '../../../../functions/dispatch/workers-needed.ts'
import { modelRecordKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { WorkerService } from '../../../../shared/ports/worker-service.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { openMemoryWorkerService } from '../../../fixtures/memory-worker-service.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { dateAt } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'
import { NO_CALL_FAULTS } from '../../../worker/queue/simulation/faulty-call.ts'
import { seededRandom } from '../../../worker/queue/simulation/seeded-random.ts'
import { HEALED_MS, MINUTE_MS, planSchedule } from './schedule.ts'
import type { SimulationResult } from './simulate.ts'
import { simulateDispatch } from './simulated-dispatch.ts'
import { simulateService } from './simulated-service.ts'

const OVER_MS = 12 * 60 * MINUTE_MS
/** A decision's request is made, and has arrived, by then. */
const DECIDED_WITHIN_MS = 3 * MINUTE_MS

export interface ServiceSimulationOptions {
  /** Puts something else in front of ECS: to see that a fault of it is found. */
  readonly alterService?: (service: WorkerService) => WorkerService
}

/** Runs one schedule on a service of ECS to its end. The same seed gives the same run. */
export const simulateEcs = async (
  seed: number,
  { alterService = (service) => service }: ServiceSimulationOptions = {},
): Promise<SimulationResult> => {
  const random = seededRandom(seed)
  const schedule = { ...planSchedule(random), endless: false }
  const time = openVirtualTime()
  const now = (): number => dateAt(time.nowMs()).getTime()
  const isHealed = (): boolean => time.nowMs() >= HEALED_MS
  const [violations, trace, events]: [string[], string[], SimulationResult['events'][number][]] = [[], [], []]
  const say = (line: string): void => {
    trace.push(`${(time.nowMs() / 1000).toFixed(3)} ${line}`)
  }
  const violate = (what: string): void => {
    say(`!!! ${what}`)
    violations.push(what)
  }

  const output = openMemoryObjectStore({ bucket: 'output', now })
  const models = openMemoryObjectStore({ bucket: 'models', now })
  const json = { contentType: 'application/json' }
  await models.put(modelRecordKey('svd-xt'), Buffer.from('{}'), json, unaborted)

  /** The tasks that were needed at each check of dispatch, or were desired already. */
  const looks: { readonly atMs: number; readonly most: number }[] = []
  const service = openMemoryWorkerService({
    faults: {
      after(operation) {
        if (operation !== 'setDesired') return
        const since = time.nowMs() - DECIDED_WITHIN_MS
        const most = Math.max(0, ...looks.filter(({ atMs }) => atMs >= since).map((look) => look.most))
        if (service.desired() > most) violate(`${service.desired()} are desired where ${most} are needed`)
      },
    },
  })
  const fleet = simulateService({ time, random, schedule, service, isHealed })
  const look = () => {
    const depth = fleet.depth()
    const needed = workersNeeded(backlogOf(depth), schedule)
    looks.push({ atMs: time.nowMs(), most: Math.max(needed, service.desired()) })
    return depth
  }

  const invoke = simulateDispatch({
    ...{ time, random, output, models, depth: look, trace: say, batch: null },
    service: alterService(service),
    figures: {
      ...{ clipsPerWorker: schedule.clipsPerWorker, maxWorkers: schedule.maxWorkers },
      ...{ modelId: 'svd-xt', batchRevision: null, gpusPerMachine: 1 },
      ...{ usdPerMachineHour: { batch: 1, ecs: 1 }, maxUsdPerDay: null },
    },
    faults: () => (isHealed() ? NO_CALL_FAULTS : schedule.calls),
    late: () => (isHealed() ? 0 : schedule.late),
    onEvent(event) {
      say(JSON.stringify(event))
      events.push(event)
    },
  })

  for (const { atMs, clips } of schedule.drops) time.after(atMs, () => fleet.drop(clips))
  const tick = (): void => {
    const calls = random.pick(schedule.callsAMinute)
    for (let n = 0; n < calls; n++) time.after(random.between(0, 20_000), invoke)
    time.after(MINUTE_MS, tick)
  }
  tick()

  const isOver = (): boolean =>
    isHealed() && fleet.backlog() === 0 && service.desired() === 0 && fleet.tasks() === 0
  try {
    await time.runUntil(() => violations.length > 0 || isOver(), OVER_MS)
  } catch (error) {
    violate(`${error instanceof Error ? error.message : error}`)
  }
  return { seed, violations, trace, events }
}

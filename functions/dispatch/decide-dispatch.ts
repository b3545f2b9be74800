import {
  type AskedWorker,
  type DispatchState,
  dayOf,
  FLEET_NAMES,
  type FleetName,
  type FleetState,
  NEW_FLEET,
} from '../../shared/contracts/dispatch-state.ts'
import type { PauseRecord } from '../../shared/contracts/pause-record.ts'
import type { QueueDepth } from '../../shared/ports/message-queue.ts'
import type { WorkerServiceState } from '../../shared/ports/worker-service.ts'
import type { CountedWorkers } from './count-workers.ts'
import { decideStarts, type FleetSeen } from './fleet-starts.ts'
import { countService } from './service-count.ts'
import { addUp, budgetLeft, machinesFor, nextDay } from './spend.ts'
import { backlogOf, type FleetLimits, workersNeeded } from './workers-needed.ts'

/** State of the queue, the model and the fleets that dispatch reads in one minute. */
export interface DispatchInputs {
  readonly depth: QueueDepth
  /** ETag of the model's record; `null`: there is none; `undefined`: nothing waits, so dispatch did not read it. */
  readonly model: string | null | undefined
  /** `null`: the deployment has no workers on AWS Batch. */
  readonly batch: CountedWorkers | null
  /** `null`: the deployment has no workers on ECS, or the service is not there. */
  readonly service: WorkerServiceState | null
}

export interface DispatchFigures extends FleetLimits {
  readonly modelId: string
  /** ARN of the job definition that workers of Batch are started with; `null`: the deployment has none. */
  readonly batchRevision: string | null
  readonly gpusPerMachine: number
  /** The most that a machine of each fleet may cost. */
  readonly usdPerMachineHour: Readonly<Record<FleetName, number>>
  /** `null`: no limit. */
  readonly maxUsdPerDay: number | null
}

export interface Decision {
  /** The state to be written, without the workers of Batch that are started now. */
  readonly state: DispatchState
  readonly backlog: number
  readonly needed: number
  /** Workers of Batch to be started, at most `MAX_STARTS`. */
  readonly starts: number
  /** More are missing than are started at once. */
  readonly isLimited: boolean
  /** Desired count of the ECS service; `null`: it is not there. */
  readonly desired: number | null
  /** To be written for the workers; `null`: what they know holds. */
  readonly pause: PauseRecord | null
  readonly usdToday: number
  /** Workers take no further job today. */
  readonly isPaused: boolean
}

/** More are started a minute later: hundreds of machines do not come at once, anyway. */
export const MAX_STARTS = 100

const isRevision =
  (revision: string | null) =>
  (worker: AskedWorker): boolean =>
    worker.revision === revision

/** Each fleet as it is seen, or `null`. */
const fleetsSeen = (
  { depth, model, batch, service }: DispatchInputs,
  { batchRevision }: DispatchFigures,
): Readonly<Record<FleetName, Omit<FleetSeen, 'isPaused'> | null>> => {
  const messages = { visible: depth.visible + depth.delayed, inFlight: depth.inFlight }
  const active = batch?.active ?? []
  const current = active.filter(isRevision(batchRevision))
  const currentRunning = current.filter(({ name }) => batch?.running.has(name)).length
  const batchRunning = batch?.running.size ?? 0
  const ecsRunning = service === null ? 0 : service.running + service.olderRunning
  return {
    batch:
      batch === null || batchRevision === null
        ? null
        : {
            ...{ ...messages, model, revision: batchRevision },
            failed: batch.failed.flatMap(({ reason, revision }) =>
              revision === batchRevision ? [reason] : [],
            ),
            ...{ asked: current.length, running: currentRunning },
            others: batchRunning - currentRunning + ecsRunning,
          },
    ecs:
      service === null
        ? null
        : {
            ...{ ...messages, model, revision: service.deploymentId, failed: [] },
            // ECS counts the tasks of earlier deployments that still run against the desired count.
            asked: Math.max(0, service.desired - service.olderRunning),
            running: service.running,
            others: service.olderRunning + batchRunning,
          },
  }
}

/** Pause record to be written for the workers; `null` if theirs still holds. */
const pauseFor = (
  paused: string | null,
  isOver: boolean,
  maxUsdPerDay: number | null,
  now: Date,
): PauseRecord | null => {
  const isPaused = paused !== null && Date.parse(paused) > now.getTime()
  if (isOver === isPaused) return null
  return isOver
    ? {
        until: nextDay(now).toISOString(),
        reason: `the budget of ${maxUsdPerDay} USD for ${dayOf(now)} is reached`,
      }
    : { until: now.toISOString(), reason: 'the budget of the day is no longer reached' }
}

/** Pure: the same state and the same inputs give the same decision. */
export const decideDispatch = (
  before: DispatchState,
  inputs: DispatchInputs,
  figures: DispatchFigures,
  now: Date,
): Decision => {
  const { maxUsdPerDay, usdPerMachineHour, gpusPerMachine, maxWorkers } = figures
  const backlog = backlogOf(inputs.depth)
  const needed = workersNeeded(backlog, figures)
  const counted = { day: before.spend_day, countedAt: before.spend_counted_at }
  const usdOf = (name: FleetName): number =>
    addUp(before[name] ?? NEW_FLEET, counted, usdPerMachineHour[name], now)
  const usd = { batch: usdOf('batch'), ecs: usdOf('ecs') }
  const usdToday = usd.batch + usd.ecs
  const seen = fleetsSeen(inputs, figures)
  const paying = FLEET_NAMES.filter((name) => seen[name] !== null).map((name) => ({
    ...{ name, fleet: before[name] ?? NEW_FLEET, usdPerMachineHour: usdPerMachineHour[name] },
  }))
  const budget = budgetLeft(paying, usdToday, maxUsdPerDay, now)
  const isOver = budget.isReached

  const startsOf = (
    name: FleetName,
    seen: Omit<FleetSeen, 'isPaused'>,
  ): { fleet: FleetState; most: number } => {
    const { fleet, most } = decideStarts(before[name] ?? NEW_FLEET, { ...seen, isPaused: isOver }, now)
    const waits = isOver && needed > 0 ? 'budget' : fleet.waits
    // What is there is paid for: the budget bounds what comes.
    const paidFor = (before[name]?.machines ?? 0) + budget.machines[name]
    const affordable = isOver ? 0 : Math.min(most, paidFor * gpusPerMachine)
    return { fleet: { ...fleet, waits, usd: usd[name] }, most: affordable }
  }
  const paid = (name: FleetName, fleet: FleetState, asked: number): FleetState => ({
    ...{ ...fleet, asked },
    ...machinesFor(fleet, { name, asked, gpusPerMachine, maxWorkers }, now),
  })

  /** State of a fleet that is not there: nothing is asked of it, and its machines are paid for until they end. */
  const absent = (name: FleetName): FleetState | null => {
    const fleet = before[name]
    if (fleet === null) return null
    const { revision, model, proven, failures, failure, retry_at } = fleet
    const kept = { revision, model, proven, failures, failure, retry_at, machines: fleet.machines }
    const last = { ...NEW_FLEET, ...kept, asked: fleet.asked, machines_until: fleet.machines_until }
    return paid(name, { ...last, usd: usd[name] }, 0)
  }

  const active = inputs.batch?.active ?? []
  let batch = absent('batch')
  let starts = 0
  let missing = 0
  if (seen.batch !== null) {
    const { fleet, most } = startsOf('batch', seen.batch)
    missing = Math.max(0, Math.min(needed - active.length, most - seen.batch.asked))
    starts = Math.min(missing, MAX_STARTS)
    batch = paid('batch', fleet, active.length + starts)
  }
  let ecs = absent('ecs')
  let desired: number | null = null
  if (seen.ecs !== null && inputs.service !== null) {
    const { fleet, most } = startsOf('ecs', seen.ecs)
    const isNew = before.ecs === null
    const { inFlight } = inputs.depth
    const count = countService(inputs.service, { needed, inFlight, most, fleet, isNew }, now)
    desired = count.desired
    const asked = Math.max(desired, inputs.service.running + inputs.service.olderRunning)
    ecs = { ...paid('ecs', fleet, asked), surplus: count.surplus }
  }

  const pause = pauseFor(before.paused_until, isOver, maxUsdPerDay, now)
  const machines = [before.batch, before.ecs, batch, ecs].some((fleet) => (fleet?.machines ?? 0) > 0)
  const state: DispatchState = {
    ...{ workers: [...active], batch, ecs },
    spend_day: machines ? dayOf(now) : before.spend_day,
    spend_counted_at: machines ? now.toISOString() : before.spend_counted_at,
    paused_until: isOver ? nextDay(now).toISOString() : null,
  }
  return {
    ...{ state, backlog, needed, starts, isLimited: missing > starts },
    ...{ desired, pause, usdToday, isPaused: isOver },
  }
}

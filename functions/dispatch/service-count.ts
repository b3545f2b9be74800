import type { FleetState } from '../../shared/contracts/dispatch-state.ts'
import type { WorkerServiceState } from '../../shared/ports/worker-service.ts'
import { IDLE_SECONDS } from './fleet-figures.ts'

/*
 * The desired count of the ECS service, by the rule that starts workers of Batch:
 *
 *   more are needed     at once, to what is needed
 *   fewer are busy      when that has lasted as long as a worker of Batch waits idle, to the most that were busy meanwhile
 *   fewer may start     at once: to those that run where the model is gone, to none after a failed start, to a canary
 *                       after a deployment, of which ECS would start as many as there were before
 *
 * As many workers as there are messages in flight may be busy. A count by the backlog alone would cut a fleet that keeps
 * up, because ten clips make a worker needed and one makes it busy.
 *
 * A worker with a job protects its task, so that a lower count ends idle workers only. A canary comes on top of the tasks
 * of earlier deployments that still run.
 */

export interface ServiceCount {
  readonly desired: number
  /** Since when more workers are desired than busy, and the most that were busy since; `null`: as many are busy. */
  readonly surplus: FleetState['surplus']
}

export interface ServiceNeed {
  readonly needed: number
  readonly inFlight: number
  /** The most workers of the primary deployment that may be asked for. */
  readonly most: number
  readonly fleet: Pick<FleetState, 'waits' | 'surplus'>
  /** Dispatch reads this service for the first time, and CloudFormation started its tasks. */
  readonly isNew: boolean
}

/** Pure: the same need and the same service give the same count. */
export const countService = (
  { desired, running, olderRunning }: WorkerServiceState,
  { needed, inFlight, most, fleet, isNew }: ServiceNeed,
  now: Date,
): ServiceCount => {
  const { waits } = fleet
  const allowed = waits === 'model' ? running + olderRunning : most === 0 ? 0 : olderRunning + most
  const target = Math.min(needed, allowed)
  if (target >= desired) return { desired: target, surplus: null }
  const isHeld = waits !== null && waits !== 'machine'
  if (isNew || isHeld) return { desired: target, surplus: null }
  const busy = Math.min(desired, Math.max(target, inFlight))
  if (busy === desired) return { desired, surplus: null }
  const surplus = {
    since: fleet.surplus?.since ?? now.toISOString(),
    busy: Math.max(busy, fleet.surplus?.busy ?? 0),
  }
  const isOver = now.getTime() - Date.parse(surplus.since) >= IDLE_SECONDS * 1000
  return isOver ? { desired: surplus.busy, surplus: null } : { desired, surplus }
}

import {
  type DispatchState,
  dayOf,
  FLEET_NAMES,
  type FleetName,
  type FleetState,
  type Waits,
} from '../../../shared/contracts/dispatch-state.ts'
import { cannotStart } from '../../../shared/contracts/fleet-fault.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'

export const FLEET_TITLES: Readonly<Record<FleetName, string>> = { batch: 'AWS Batch', ecs: 'ECS' }

/** Reason why a fleet has fewer workers than its jobs need. */
export interface FleetWait {
  readonly fleet: FleetName
  readonly waits: Waits
  readonly text: string
  /** Whether an operator has to act. */
  readonly isFault: boolean
}

const failuresText = ({ failures, failure }: FleetState): string =>
  `${failures === 1 ? 'a start' : `${failures} starts in a row`} failed (${safeText(failure ?? 'no reason is known')})`

const textOf = (fleet: FleetState, waits: Waits, { paused_until }: DispatchState): string => {
  const failedBefore = fleet.failures > 0 && !fleet.proven ? `${failuresText(fleet)}; ` : ''
  switch (waits) {
    case 'model':
      return 'none is started, because the model is not in the models bucket'
    case 'back-off':
      return `${failuresText(fleet)}; the next is tried at ${fleet.retry_at}`
    case 'machine':
      return 'no machine has come for as long as a start may take: quota, Spot, or its types in these zones'
    case 'canary':
      return `${failedBefore}one worker is tried, and the others start when it has taken a job`
    case 'budget':
      return `${failedBefore}the budget of the day is reached; they start again at ${paused_until}`
  }
}

/** Waits of the fleets; empty if all workers that are needed have been requested. */
export const fleetWaits = (state: DispatchState): readonly FleetWait[] =>
  FLEET_NAMES.flatMap((name) => {
    const fleet = state[name]
    if (fleet === null || fleet.waits === null) return []
    const { waits } = fleet
    return [{ fleet: name, waits, isFault: cannotStart(fleet), text: textOf(fleet, waits, state) }]
  })

export interface FleetFigures {
  readonly fleet: FleetName
  /** Count of workers that were requested. */
  readonly asked: number
  /** Estimate of what its machines cost today (UTC). */
  readonly usdToday: number
}

export const fleetFigures = (state: DispatchState, now: Date): readonly FleetFigures[] =>
  FLEET_NAMES.flatMap((name) => {
    const fleet = state[name]
    if (fleet === null) return []
    const usdToday = state.spend_day === dayOf(now) ? fleet.usd : 0
    return [{ fleet: name, asked: fleet.asked, usdToday }]
  })

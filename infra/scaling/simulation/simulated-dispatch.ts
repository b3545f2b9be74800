import {
  type Decision,
  type DispatchInputs,
  decideDispatch,
} from '../../../functions/dispatch/decide-dispatch.ts'
import {
  type DispatchState,
  dayOf,
  NEW_FLEET,
  newDispatchState,
} from '../../../shared/contracts/dispatch-state.ts'
import type { FleetDeps } from './fleet-deps.ts'

/** Job definition and deployment id that dispatch sees for all workers. */
export const REVISION = 'worker:1'
const MODEL = 'etag-1'

export type SeenFleets = Pick<DispatchInputs, 'batch' | 'service'>

/** Whether workers are told to take no further job. */
export const isPaused = ({ state }: Decision): boolean => state.paused_until !== null

export const dateAt = (now: number): Date => new Date(Date.UTC(2026, 0, 1) + now * 1000)

/** The deployed function's own decisions, once a minute. It reads the queue itself, so that no metric is late. */
export const openSimulatedDispatch = ({
  policy,
  queue,
  tally,
  gpus,
  maxWorkers,
}: Pick<FleetDeps, 'policy' | 'queue' | 'tally' | 'gpus' | 'maxWorkers'>): ((
  now: number,
  fleets: SeenFleets,
) => Decision) => {
  const fleet = { ...NEW_FLEET, revision: REVISION, model: MODEL, proven: policy.proven }
  let state: DispatchState = { ...newDispatchState(dateAt(0)), batch: fleet, ecs: fleet }
  const figures = {
    ...{ clipsPerWorker: policy.clipsPerWorker, maxWorkers, gpusPerMachine: gpus },
    ...{ modelId: 'model', batchRevision: REVISION, maxUsdPerDay: policy.maxUsdPerDay },
    usdPerMachineHour: { batch: 1, ecs: 1 },
  }
  return (now, fleets) => {
    const depth = { visible: queue.visible(), inFlight: queue.inFlight(), delayed: 0 }
    const decision = decideDispatch(state, { depth, model: MODEL, ...fleets }, figures, dateAt(now))
    state = decision.state
    tally.countedHours.set(dayOf(dateAt(now)), decision.usdToday)
    return decision
  }
}

import { type Decision, decideDispatch, type Look } from '../../../functions/dispatch/decide-dispatch.ts'
import { type DispatchState, NEW_FLEET, newDispatchState } from '../../../shared/contracts/dispatch-state.ts'
import type { ClipQueue } from './clip-queue.ts'
import type { Policy } from './policy.ts'

/** What dispatch sees as the job definition and the deployment of all workers. */
export const REVISION = 'worker:1'
const MODEL = 'etag-1'

export type SeenFleets = Pick<Look, 'batch' | 'service'>

export const dateAt = (now: number): Date => new Date(Date.UTC(2026, 0, 1) + now * 1000)

/** The deployed function's own decisions, once a minute. It reads the queue itself, so that no metric is late. */
export const openSimulatedDispatch = ({
  policy,
  queue,
  gpus,
  maxWorkers,
}: {
  readonly policy: Policy
  readonly queue: ClipQueue
  readonly gpus: number
  readonly maxWorkers: number
}): ((now: number, fleets: SeenFleets) => Decision) => {
  const fleet = { ...NEW_FLEET, revision: REVISION, model: MODEL, proven: policy.proven }
  let state: DispatchState = { ...newDispatchState(dateAt(0)), batch: fleet, ecs: fleet }
  const figures = {
    ...{ clipsPerWorker: policy.clipsPerWorker, maxWorkers, gpusPerMachine: gpus },
    ...{ modelId: 'model', batchRevision: REVISION, maxUsdPerDay: null },
    usdPerMachineHour: { batch: 0, ecs: 0 },
  }
  return (now, fleets) => {
    const depth = { visible: queue.visible(), inFlight: queue.inFlight(), delayed: 0 }
    const decision = decideDispatch(state, { depth, model: MODEL, ...fleets }, figures, dateAt(now))
    state = decision.state
    return decision
  }
}

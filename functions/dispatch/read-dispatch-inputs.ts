import { modelRecordKey } from '../../shared/contracts/bucket-layout.ts'
import type { DispatchState } from '../../shared/contracts/dispatch-state.ts'
import { countWorkers } from './count-workers.ts'
import type { DispatchInputs } from './decide-dispatch.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { backlogOf } from './workers-needed.ts'

/** Reads everything that a decision needs. */
export const readDispatchInputs = async (
  { jobs, batch, service, models, figures, now }: DispatchDeps,
  state: DispatchState,
  signal: AbortSignal,
): Promise<DispatchInputs> => {
  // The workers first: a message that one of them takes meanwhile is in the queue's figures then.
  const counted = batch === null ? null : await countWorkers(state.workers, batch, now(), signal)
  const seen = service === null ? null : await service.read(signal)
  const depth = await jobs.depth(signal)
  const model =
    backlogOf(depth) === 0
      ? undefined
      : ((await models.head(modelRecordKey(figures.modelId), signal))?.etag ?? null)
  return { depth, model, batch: counted, service: seen }
}

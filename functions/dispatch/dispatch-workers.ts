import { isDeepStrictEqual } from 'node:util'
import { DISPATCH_PAUSE_KEY } from '../../shared/contracts/bucket-layout.ts'
import type { AskedWorker } from '../../shared/contracts/dispatch-state.ts'
import { cannotStart } from '../../shared/contracts/fleet-fault.ts'
import { encodePauseRecord } from '../../shared/contracts/pause-record.ts'
import { RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { type Decision, decideDispatch } from './decide-dispatch.ts'
import type { DispatchDeps, DispatchLogEvent } from './dispatch-deps.ts'
import { readDispatchState, replaceDispatchState } from './dispatch-state.ts'
import { readDispatchInputs } from './read-dispatch-inputs.ts'
import { type StartedWorkers, startWorkers } from './start-workers.ts'

/*
 * Never more workers than the backlog needs, although functions overlap and die, events come twice, Batch shows late
 * what it has, and takes no token by which it would know a request again:
 *
 *   1 read    state: who was asked for, failed starts, dollars, and its etag
 *   2 read    backlog; which workers are active, or may be; the service; the model's record
 *   3 write   the pause of the workers, where it changed; then state and the new names, only over that etag
 *                                                                    refused: another run dispatches; the end
 *   4 ask     ECS for the desired count; Batch for each new name, once
 *   5 write   state with the ids, only over the etag of 3            refused: the next one finds the ids by name
 *
 *   it ends after 1, 2    nothing has happened
 *             after 3     the names count as workers until SHOWN_AFTER_MS, and then are forgotten
 *             in 4        the same, for those that were not asked for; the others are listed by name
 *             after 4     the next one finds the ids by name
 *   two at once           both read; the second to write is refused, for it does not know the names of the first
 *   an answer is lost     the name stays without an id: listed by name, or forgotten
 *
 * A worker that was asked for is in the state from before its request until Batch says that it has ended. So what is
 * counted in 2 is never less than what is active or may become so, and the new ones are what is missing. The desired
 * count of ECS is set and not added to: one that is lost or comes late is put right a minute later.
 */

export interface DispatchTimes {
  /** Milliseconds since the epoch: from then on no worker is asked for. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/** From 3: within it all requests are made, or not at all. */
const ASKED_WITHIN_MS = 60_000

/** The event, but for what was started. */
const toldOf = ({
  backlog,
  needed,
  desired,
  usdToday,
  isPaused,
  state,
}: Decision): Omit<Extract<DispatchLogEvent, { type: 'dispatched' }>, 'started' | 'stopped'> => {
  const fleets = [state.batch, state.ecs].flatMap((fleet) => (fleet === null ? [] : [fleet]))
  return {
    ...{ type: 'dispatched', backlog, needed, active: state.workers.length, desired, usdToday, isPaused },
    waits: { batch: state.batch?.waits ?? null, ecs: state.ecs?.waits ?? null },
    failures: fleets.flatMap(({ failure, waits, proven }) =>
      failure === null || waits === null || proven ? [] : [failure],
    ),
    cannotStart: fleets.some(cannotStart),
  }
}

/** Starts and ends as many workers as the backlog asks for. Throws what failed, when what was begun is in order. */
export const dispatchWorkers = async (
  deps: DispatchDeps,
  { untilMs, signal }: DispatchTimes,
): Promise<void> => {
  const { output, batch, service, figures, now, newWorkerName, onEvent } = deps
  const { state: before, etag: readEtag } = await readDispatchState(output, now(), signal)
  const inputs = await readDispatchInputs(deps, before, signal)
  const askedAt = now()
  const decision = decideDispatch(before, inputs, figures, askedAt)
  const { state, starts, desired, pause, isLimited } = decision
  const starting: readonly AskedWorker[] = Array.from({ length: starts }, () => ({
    ...{ name: newWorkerName(), job_id: null, asked_at: askedAt.toISOString() },
    revision: figures.batchRevision,
  }))

  const isCounted = desired === null || desired === inputs.service?.desired
  const intended = { ...state, workers: [...state.workers, ...starting] }
  if (isDeepStrictEqual(intended, before) && isCounted)
    return onEvent({ ...toldOf(decision), started: 0, stopped: null })
  if (pause !== null) {
    await output.put(DISPATCH_PAUSE_KEY, encodePauseRecord(pause), RECORD_OPTIONS, signal)
  }
  const etag = await replaceDispatchState(output, readEtag, intended, askedAt, signal)
  if (etag === null) return onEvent({ type: 'outrun' })

  const failures: unknown[] = []
  if (service !== null && desired !== null && !isCounted)
    await service.setDesired(desired, signal).catch((error: unknown) => failures.push(error))
  signal.throwIfAborted()
  const deadlineMs = Math.min(untilMs, askedAt.getTime() + ASKED_WITHIN_MS)
  const { asked, started, stopped, error }: StartedWorkers =
    batch === null
      ? { asked: [], started: 0, stopped: null, error: null }
      : await startWorkers({ ...deps, batch }, starting, deadlineMs, signal)
  if (stopped === 'failed') failures.push(error)
  const stop = failures.length > 0 ? 'failed' : (stopped ?? (isLimited ? 'limit' : null))
  onEvent({ ...toldOf(decision), started, stopped: stop })
  const written = { ...state, workers: [...state.workers, ...asked] }
  if (starting.length > 0) await replaceDispatchState(output, etag, written, now(), signal)
  const [failure] = failures
  if (failure !== undefined) throw failure
}

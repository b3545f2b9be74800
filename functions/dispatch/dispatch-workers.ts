import { countWorkers } from './count-workers.ts'
import { type AskedWorker, readDispatchState, replaceDispatchState } from './dispatch-state.ts'
import type { DispatchWorld } from './dispatch-world.ts'
import { startWorkers } from './start-workers.ts'
import { backlogOf, workersNeeded } from './workers-needed.ts'

/*
 * Never more workers than the backlog needs, although functions overlap and die, events come twice, Batch shows late
 * what it has, and takes no token by which it would know a request again:
 *
 *   1 read    state: who was asked for, and its etag
 *   2 look    backlog; which of them are active, or may be          new = needed - these
 *   3 write   state and the new names, only over that etag          refused: somebody else dispatches; the end
 *   4 ask     Batch for each new name, once
 *   5 write   state with the ids, only over the etag of 3           refused: the next one finds the ids by name
 *
 *   it ends after 1, 2    nothing has happened
 *             after 3     the names count as workers until SHOWN_AFTER_MS, and then are forgotten
 *             in 4        the same, for those that were not asked for; the others are listed by name
 *             after 4     the next one finds the ids by name
 *   two at once           both read; the second to write is refused, for it does not know the names of the first
 *   an answer is lost     the name stays without an id: listed by name, or forgotten
 *
 * A worker that was asked for is in the state from before its request until Batch says that it has ended. So what is
 * counted in 2 is never less than what is active or may become so, and the new ones are what is missing.
 */

export interface DispatchTimes {
  /** Milliseconds since the epoch: from then on no worker is asked for. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/** More are started a minute later: hundreds of machines do not come at once, anyway. */
export const MAX_STARTS = 100
/** From 3: within it all requests are made, or not at all. */
const ASKED_WITHIN_MS = 60_000

const isSame = (a: readonly AskedWorker[], b: readonly AskedWorker[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** Starts as many worker jobs as the backlog needs more. Throws what failed, when what was begun is in order. */
export const dispatchWorkers = async (
  world: DispatchWorld,
  { untilMs, signal }: DispatchTimes,
): Promise<void> => {
  const { output, jobs, batch, limits, now, newWorkerName, tell } = world
  const state = await readDispatchState(output, now(), signal)
  const active = await countWorkers(state.workers, batch, now(), signal)
  const backlog = backlogOf(await jobs.depth(signal))
  const needed = workersNeeded(backlog, limits)
  const missing = Math.max(0, needed - active.length)

  const askedAt = now()
  const starting = Array.from({ length: Math.min(missing, MAX_STARTS) }, () => ({
    ...{ name: newWorkerName(), job_id: null, asked_at: askedAt.toISOString() },
  }))
  const counted = { backlog, needed, active: active.length }
  const intended = [...active, ...starting]
  if (isSame(intended, state.workers))
    return tell({ type: 'dispatched', ...counted, started: 0, stopped: null })
  const etag = await replaceDispatchState(output, state.etag, intended, askedAt, signal)
  if (etag === null) return tell({ type: 'outrun' })

  const deadlineMs = Math.min(untilMs, askedAt.getTime() + ASKED_WITHIN_MS)
  const { asked, started, stopped, error } = await startWorkers(world, starting, deadlineMs, signal)
  tell({
    ...{ type: 'dispatched', ...counted, started },
    stopped: stopped ?? (missing > starting.length ? 'limit' : null),
  })
  if (starting.length > 0) await replaceDispatchState(output, etag, [...active, ...asked], now(), signal)
  if (stopped === 'failed') throw error
}

import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { WorkerIdentity } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { HeldJob, JobEnd } from './held-job.ts'
import { type Ending, resultOf } from './result-of-attempt.ts'
import { createResult, isDone, readResult } from './result-store.ts'
import type { StatusChange } from './status-of-attempt.ts'
import { withTimeLimit } from './time-limit.ts'

/*
 * How a job ends, in the only order in which nothing is lost and nothing published twice:
 *
 *   outputs ───▶ claim held? ───▶ result.json ───▶ status ───▶ message
 *   create                        create           put          remove
 *          │                   │             │            │
 *    a worker that dies here   │       or here: the job is done; its next delivery finds the record,
 *    has published nothing;    │       puts the status right and removes the message
 *    no record names its       │
 *    files                     └ or here, or a create whose answer got lost: either of the two
 *
 * Two renders of one job need not give the same bytes: a GPU adds in another order each time, and cards differ. So every
 * attempt uploads into a folder of its own, and result.json names the files of the attempt that created it.
 *
 * Two workers at once: both may get as far as result.json, and one creates it. The other's files stay, and no record
 * names them. A worker has no right to delete: it could then delete what is published, too.
 */

export interface ClosingDeps {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly worker: WorkerIdentity
}

/** For what is written when a job ends. A worker that has to go may have no more than this. */
export const CLOSE_LIMIT_MS = 20_000

const statusBy = ({ state, failure }: ResultRecord): StatusChange =>
  failure === null ? { state } : { state, message: failure.reason }

/** Best effort: the job is done, whatever becomes of these. The message comes again if it stays. */
const tidyUp = async (
  { claim, status }: HeldJob,
  result: ResultRecord | null,
  { clock }: ClosingDeps,
  last: 'remove' | 'hand-back',
): Promise<void> => {
  await status.end(result === null ? null : statusBy(result))
  const settle = (signal: AbortSignal): Promise<void> =>
    last === 'remove' ? claim.remove(signal) : claim.handBack(0, signal)
  await withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, settle).catch(() => {})
}

const readIfPossible = (held: HeldJob, { store, clock }: ClosingDeps): Promise<ResultRecord | null> =>
  withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, (signal) =>
    readResult(store, held.attempt.job.job_id, signal),
  ).catch(() => null)

/** What is there may be of this very request: its first answer got lost, and it was made again. */
const isSame = (there: ResultRecord | null, ours: ResultRecord): boolean =>
  there !== null &&
  there.worker.id === ours.worker.id &&
  there.attempt === ours.attempt &&
  there.started_at === ours.started_at &&
  there.finished_at === ours.finished_at &&
  there.outputs[0]?.video.key === ours.outputs[0]?.video.key

/**
 * Ends the job if it is done already, as that of a message delivered twice; null: it is not.
 */
export const closeIfDone = async (held: HeldJob, deps: ClosingDeps): Promise<JobEnd | null> => {
  if (!(await isDone(deps.store, held.attempt.job.job_id, held.signal))) return null
  await tidyUp(held, await readIfPossible(held, deps), deps, 'remove')
  return { type: 'done-before' }
}

/**
 * Writes the job's record and removes its message; `last`: or hands the message back, for the queue to move it to the
 * dead letters. Throws, with the job in this worker's hands as before, if the claim is lost or the record cannot be
 * written: then nobody knows whether it was.
 */
export const closeJob = async (
  held: HeldJob,
  ending: Ending,
  deps: ClosingDeps,
  last: 'remove' | 'hand-back' = 'remove',
): Promise<JobEnd> => {
  const { store, clock, worker } = deps
  const record = resultOf(held.attempt, ending, worker, clock.now())
  held.claim.assertHeld()
  const created = await withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, (signal) =>
    createResult(store, record, signal),
  )
  const result = created ? record : await readIfPossible(held, deps)
  const ours = created || isSame(result, record)
  await tidyUp(held, result, deps, ours ? last : 'remove')
  return ours ? { type: 'done', result: record } : { type: 'done-before' }
}

import type { Clock } from '../../shared/clock.ts'
import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeJobMessage } from '../../shared/contracts/job-message.ts'
import {
  messageOfResult,
  type ResultRecord,
  resultRecordSchema,
} from '../../shared/contracts/result-record.ts'
import { countIfSampled } from '../../shared/job-index/count-entries.ts'
import { noteEnded } from '../../shared/job-index/write-entries.ts'
import type { MessageQueue } from '../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { type TimeLimit, withTimeLimit } from '../../shared/time-limit.ts'
import type { WorkerIdentity } from './attempt.ts'
import type { JobEnd, LeasedJob } from './leased-job.ts'
import { type Ending, resultOf } from './result-of-attempt.ts'
import { createResult } from './result-store.ts'
import type { StatusChange } from './status-of-attempt.ts'
import { steadyStore } from './steady-store.ts'

/*
 * The end of a job, in the only order in which nothing is lost and nothing published twice:
 *
 *   outputs ───▶ lease held? ───▶ result.json ───▶ status, ───▶ message
 *   create                        create           index         remove; of a job whose attempts are spent, first
 *                                                                sent to the dead-letter queue
 *          │                   │             │            │
 *    a worker that dies here   │       or here: the job is done; its next delivery finds the record,
 *    has published nothing;    │       puts status and index right and removes the message
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
  /** Dead-letter queue, for messages of jobs whose attempts are spent; `null` if they are only removed. */
  readonly deadLetters: Pick<MessageQueue, 'send'> | null
  readonly clock: Clock
  readonly random: () => number
  readonly worker: WorkerIdentity
  /** Aborts when this worker's time is over. The next worker then does what is left of a job's end. */
  readonly until: AbortSignal
}

/** Time limit of each step when a job ends. A worker that is being shut down may have no more time than this. */
export const CLOSE_LIMIT_MS = 20_000
/** The limit of each wait while a job ends. */
export const closing = ({ clock, until }: Pick<ClosingDeps, 'clock' | 'until'>): TimeLimit => ({
  ...{ clock, limitMs: CLOSE_LIMIT_MS, signal: until },
})
/** Seconds that a message waits if its job's record could not be read or entered in the index. */
const AGAIN_SECONDS = 30

const statusBy = (result: ResultRecord): StatusChange => {
  const message = messageOfResult(result)
  return { state: result.state, ...(message !== null && { message }) }
}

/** Throws if the queue refuses it. The message then stays, and its next delivery tries again. */
const sendDeadLetter = async (
  { job }: LeasedJob['attempt'],
  { deadLetters }: ClosingDeps,
  signal: AbortSignal,
): Promise<void> => {
  if (deadLetters === null) return
  const [refused] = await deadLetters.send([{ body: encodeJobMessage(job), groupId: job.group }], signal)
  if (refused !== undefined) throw new Error(`${job.job_id}: the dead letters refused it: ${refused.reason}`)
}

/** Record of a job: `null` if it is not one that this version can read, `undefined` if the store does not answer. */
type FoundResult = ResultRecord | null | undefined

/** Enters the job in the index. Returns `false` if the store did not take the entry. */
const enterInIndex = async (result: ResultRecord, deps: ClosingDeps): Promise<boolean> => {
  const store = steadyStore(deps.store, deps)
  try {
    await withTimeLimit(closing(deps), (signal) => noteEnded(store, result, deps.clock.now(), signal))
    return true
  } catch {
    return false
  }
}

/**
 * Writes index and status and removes the message. Best effort: the job is completed even if these fail, and a message
 * that stays is delivered again. It stays if the store does not return the record, because the message may have to go
 * to the dead-letter queue, and if the index lacks the job.
 */
const tidyUp = async (leased: LeasedJob, result: FoundResult, deps: ClosingDeps): Promise<void> => {
  const { lease, status, attempt } = leased
  const [isEntered] = await Promise.all([
    result ? enterInIndex(result, deps) : true,
    status.end(result ? statusBy(result) : null),
  ])
  await withTimeLimit(closing(deps), async (signal) => {
    if (result === undefined || !isEntered) return await lease.handBack(AGAIN_SECONDS, signal)
    if (result?.failure?.class === 'exhausted') await sendDeadLetter(attempt, deps, signal)
    await lease.remove(signal)
    await countIfSampled(deps.store, [attempt.job.job_id], deps.clock.now(), signal)
  }).catch(() => {})
}

const readIfPossible = async (leased: LeasedJob, deps: ClosingDeps): Promise<FoundResult> => {
  const store = steadyStore(deps.store, deps)
  const key = resultKey(leased.attempt.job.job_id)
  try {
    const stored = await withTimeLimit(closing(deps), (signal) =>
      readRecord(store, key, resultRecordSchema, signal),
    )
    return stored?.record ?? null
  } catch {
    return undefined
  }
}

/**
 * Whether the record in the store is the one that this attempt created. The answer to its first request may have got
 * lost, so that the request was repeated and found its own record.
 */
const isSame = (there: FoundResult, ours: ResultRecord): boolean =>
  !!there &&
  there.worker.id === ours.worker.id &&
  there.attempt === ours.attempt &&
  there.started_at === ours.started_at &&
  there.finished_at === ours.finished_at &&
  there.outputs[0]?.video.key === ours.outputs[0]?.video.key

/** Ends a job that has a record already, as that of a message delivered twice. */
export const closeDone = async (leased: LeasedJob, deps: ClosingDeps): Promise<JobEnd> => {
  await tidyUp(leased, await readIfPossible(leased, deps), deps)
  return { type: 'done-before' }
}

/**
 * Writes the job's record and removes its message. Throws if the lease is lost or the record cannot be written, and
 * leaves the message as it was. It is then unknown whether the record was written.
 */
export const closeJob = async (leased: LeasedJob, ending: Ending, deps: ClosingDeps): Promise<JobEnd> => {
  const { clock, worker } = deps
  const record = resultOf(leased.attempt, ending, worker, clock.now())
  const store = steadyStore(deps.store, { ...deps, beforeTry: leased.lease.assertHeld })
  const created = await withTimeLimit(closing(deps), (signal) => createResult(store, record, signal))
  const result = created ? record : await readIfPossible(leased, deps)
  await tidyUp(leased, result, deps)
  return created || isSame(result, record) ? { type: 'done', result: record } : { type: 'done-before' }
}

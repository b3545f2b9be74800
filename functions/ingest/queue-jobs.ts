import { statusKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeJobMessage, type JobMessage } from '../../shared/contracts/job-message.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { queuedStatus } from '../../shared/contracts/status-record.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { countIfSampled } from '../../shared/job-index/count-entries.ts'
import { forgetAllEnded, noteQueued } from '../../shared/job-index/write-entries.ts'
import { REQUESTS_AT_ONCE } from '../object-events.ts'
import type { EnteredJobs } from './entered-jobs.ts'
import type { IngestDeps } from './ingest-deps.ts'
import { recordOverlappingOrder, recordSentAgain } from './job-orders.ts'
import { type OrderedJobStatus, statusOfOrderedJob } from './job-status.ts'
import { piecesOf } from './pieces-of.ts'
import { setAsideCancelled } from './withdraw-cancel.ts'

/*
 * A job on its way into the queue. Whatever ends it midway, doing it again does no harm.
 *
 *   result.json there?  ──yes──▶  done before: nothing to do, unless ingest cancelled it (withdraw-cancel.ts)
 *   status written lately? ─yes─▶ in the queue or with a worker: record the order (job-orders.ts)
 *   sent for this order lately? ─yes─▶ the same
 *   send ─▶ enter in the index ─▶ create status `queued`
 *                                 a worker may be faster: then its status stays
 *        ─▶ there was a status: write into the order that the message was sent
 *
 * A status is only ever written after its message was sent. Where ingest ends between sending and entering, the next run
 * of the same event enters the job: it finds no status, or one that a faster worker wrote for this upload lately. It does
 * not if a report on the upload names the job, because the report comes after the entry.
 */

/** Ten thousand bodies with a list of a thousand sigmas each would be 200 MB: they are written and sent piece by piece. */
const JOBS_PER_PIECE = 100

export interface QueuedJobs {
  /** Ids of those with a result that came of another upload. */
  readonly doneBefore: ReadonlySet<string>
  /** Ids of those whose message was sent. */
  readonly sent: ReadonlySet<string>
  /** Ids of those of which nothing was known before. */
  readonly made: ReadonlySet<string>
  /** Ids of those that ingest had cancelled until now. A worker may still stop one of them: see `assertNoneWithdrawn`. */
  readonly withdrawn: readonly string[]
}

type QueueingDeps = Pick<IngestDeps, 'output' | 'jobs' | 'now'>

const writeStatus = async (deps: QueueingDeps, job: JobMessage, signal: AbortSignal): Promise<void> => {
  const { output, now } = deps
  const body = encodeRecord(queuedStatus(job, now()))
  const created = await output.create(statusKey(job.job_id), body, RECORD_OPTIONS, signal)
  if (!created) await recordOverlappingOrder(deps, job, signal)
}

/** Sends what the queue takes, and throws if it did not take all. Those of `known` have a status. */
const send = async (
  deps: QueueingDeps,
  jobs: readonly JobMessage[],
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> => {
  if (jobs.length === 0) return
  const messages = jobs.map((job) => ({ body: encodeJobMessage(job), groupId: job.group }))
  const refused = await deps.jobs.send(messages, signal)
  const places = new Set(refused.map(({ index }) => index))
  const accepted = jobs.filter((_, index) => !places.has(index))
  const fresh = accepted.filter(({ job_id }) => !known.has(job_id))
  await noteQueued(
    deps.output,
    fresh.map(({ job_id }) => job_id),
    deps.now(),
    signal,
  )
  await inLanes(accepted, REQUESTS_AT_ONCE, (job) =>
    known.has(job.job_id) ? recordSentAgain(deps, job, signal) : writeStatus(deps, job, signal),
  )
  if (refused.length > 0) {
    throw new Error(
      `${refused.length} of ${jobs.length} jobs were not accepted by the queue: ${refused[0]?.reason}`,
    )
  }
}

/**
 * Queues jobs that have no result yet; each once, though it may be there twice. `entered`: see `openEnteredJobs`.
 * Throws where store or queue fail, or take only some: all can be given again.
 */
export const queueJobs = async (
  deps: QueueingDeps,
  jobs: readonly JobMessage[],
  entered: EnteredJobs,
  signal: AbortSignal,
): Promise<QueuedJobs> => {
  const unique = [...new Map(jobs.map((job) => [job.job_id, job])).values()]
  const doneBefore = new Set<string>()
  const withdrawn: string[] = []
  const sent = new Set<string>()
  const made = new Set<string>()
  for (const piece of piecesOf(unique, JOBS_PER_PIECE)) {
    const statuses = await inLanes(piece, REQUESTS_AT_ONCE, (job) => statusOfOrderedJob(deps, job, signal))
    const idsOf = (isMeant: (status: OrderedJobStatus) => boolean): readonly string[] =>
      piece.filter((_, index) => isMeant(statuses[index]!)).map(({ job_id }) => job_id)
    for (const jobId of idsOf(({ state, isOwnResult }) => state === 'done' && !isOwnResult))
      doneBefore.add(jobId)
    withdrawn.push(...idsOf((status) => status.withdrawn))
    const known = new Set(idsOf(({ state }) => state === 'again'))
    const fresh = piece.filter((_, index) => ['new', 'again'].includes(statuses[index]!.state))
    const cancelled = statuses.flatMap((status) => status.cancelled ?? [])
    await setAsideCancelled(deps.output, cancelled, deps.now(), signal)
    await send(deps, fresh, known, signal)
    await forgetAllEnded(
      deps.output,
      cancelled.map(({ record }) => record),
      signal,
    )
    const lacking = idsOf(({ mayLackEntry }) => mayLackEntry)
    const hasEntry = lacking.length === 0 ? new Set<string>() : await entered()
    await noteQueued(
      deps.output,
      lacking.filter((jobId) => !hasEntry.has(jobId)),
      deps.now(),
      signal,
    )
    await countIfSampled(
      deps.output,
      fresh.map(({ job_id }) => job_id),
      deps.now(),
      signal,
    )
    for (const { job_id } of fresh) sent.add(job_id)
    for (const jobId of idsOf(({ state }) => state === 'new')) made.add(jobId)
  }
  return { doneBefore, sent, made, withdrawn }
}

/**
 * Has the event come again where a job was ordered that ingest had cancelled. A worker that was stopping it just then
 * records it as cancelled after this run; the next run finds that, and queues the job anew.
 */
export const assertNoneWithdrawn = (inputKey: string, withdrawn: readonly string[]): void => {
  const [first] = withdrawn
  if (first === undefined) return
  throw new Error(
    `${inputKey}: orders ${withdrawn.length} jobs that were being cancelled, such as ${first}; ` +
      'they are checked once more when this event comes again',
  )
}

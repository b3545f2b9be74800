import { resultKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeJobMessage, type JobMessage } from '../../shared/contracts/job-message.ts'
import { queuedStatus } from '../../shared/contracts/status-record.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { countAtTurn } from '../../shared/job-index/count-entries.ts'
import { noteQueued } from '../../shared/job-index/write-entries.ts'
import type { IngestWorld } from './ingest-world.ts'
import { piecesOf } from './pieces-of.ts'

/*
 * A job on its way into the queue. Whatever ends it midway, doing it again does no harm.
 *
 *   result.json there?  ──yes──▶  done before: nothing to do
 *   status written lately? ─yes─▶ in the queue or with a worker: nothing to do
 *   enter in the index, if there was no status ─▶ send ─▶ create status `queued`
 *                                                         a worker may be faster: then its status stays
 *
 * A status is only ever written after its message was sent. A job that was entered and not sent is entered once more when
 * the event comes again.
 */

/** Ten thousand bodies with a list of a thousand sigmas each would be 200 MB: they are written and sent piece by piece. */
const JOBS_PER_PIECE = 100
/** The SDK opens at most 50 connections to a host. */
const REQUESTS_AT_ONCE = 16
/**
 * A picture and its sidecar have an event each, and S3 sometimes repeats one: all of them come within minutes. Later, a
 * drop is somebody's wish to have the job queued, for its message may have been lost with the queue.
 */
const LATELY_MS = 10 * 60_000

export interface QueuedJobs {
  /** Ids of those with a result. */
  readonly doneBefore: ReadonlySet<string>
  /** Messages sent. */
  readonly sent: number
}

type QueueingWorld = Pick<IngestWorld, 'output' | 'jobs' | 'now'>

const standingOf = async (
  { output, now }: QueueingWorld,
  jobId: string,
  signal: AbortSignal,
): Promise<'done' | 'queued' | 'quiet' | 'new'> => {
  if ((await output.head(resultKey(jobId), signal)) !== null) return 'done'
  const status = await output.head(statusKey(jobId), signal)
  if (status === null) return 'new'
  return now().getTime() - status.lastModified.getTime() < LATELY_MS ? 'queued' : 'quiet'
}

const writeStatus = (
  { output, now }: QueueingWorld,
  job: JobMessage,
  signal: AbortSignal,
): Promise<boolean> => {
  const body = new TextEncoder().encode(JSON.stringify(queuedStatus(job, now())))
  return output.create(statusKey(job.job_id), body, { contentType: 'application/json' }, signal)
}

/** Sends what the queue takes, and throws if it did not take all. */
const send = async (
  world: QueueingWorld,
  jobs: readonly JobMessage[],
  signal: AbortSignal,
): Promise<void> => {
  if (jobs.length === 0) return
  const messages = jobs.map((job) => ({ body: encodeJobMessage(job), groupId: job.group }))
  const refused = await world.jobs.send(messages, signal)
  const places = new Set(refused.map(({ index }) => index))
  const accepted = jobs.filter((_, index) => !places.has(index))
  await inLanes(accepted, REQUESTS_AT_ONCE, (job) => writeStatus(world, job, signal))
  if (refused.length > 0) {
    throw new Error(
      `${refused.length} of ${jobs.length} jobs were not accepted by the queue: ${refused[0]?.reason}`,
    )
  }
}

/**
 * Queues jobs that have no result yet; each once, though it may be there twice.
 * Throws where store or queue fail, or take only some: all can be given again.
 */
export const queueJobs = async (
  world: QueueingWorld,
  jobs: readonly JobMessage[],
  signal: AbortSignal,
): Promise<QueuedJobs> => {
  const unique = [...new Map(jobs.map((job) => [job.job_id, job])).values()]
  const doneBefore = new Set<string>()
  let sent = 0
  for (const piece of piecesOf(unique, JOBS_PER_PIECE)) {
    const standings = await inLanes(piece, REQUESTS_AT_ONCE, ({ job_id }) =>
      standingOf(world, job_id, signal),
    )
    for (const [index, { job_id }] of piece.entries()) if (standings[index] === 'done') doneBefore.add(job_id)
    const entered = piece.filter((_, index) => standings[index] === 'new').map(({ job_id }) => job_id)
    await noteQueued(world.output, entered, world.now(), signal)
    const fresh = piece.filter((_, index) => standings[index] === 'new' || standings[index] === 'quiet')
    await send(world, fresh, signal)
    await countAtTurn(world.output, entered, world.now(), signal)
    sent += fresh.length
  }
  return { doneBefore, sent }
}

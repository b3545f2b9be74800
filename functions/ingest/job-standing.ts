import { resultKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import { resultRecordSchema } from '../../shared/contracts/result-record.ts'
import { type StatusRecord, statusRecordSchema } from '../../shared/contracts/status-record.ts'
import type { IngestWorld } from './ingest-world.ts'
import { recordOrder } from './job-orders.ts'
import { readRecord } from './read-record.ts'
import { setAsideCancelled, withdrawCancel } from './withdraw-cancel.ts'

/**
 * A picture and its sidecar have an event each, and S3 sometimes repeats one: all of them come within minutes. Later, a
 * drop is somebody's wish to have the job queued, for its message may have been lost with the queue.
 */
const LATELY_MS = 10 * 60_000

export interface Standing {
  /**
   * - `done`    it has a result that stays
   * - `queued`  its message was sent lately
   * - `again`   it has a status, and its message is to be sent again
   * - `new`     nothing is known of it
   */
  readonly state: 'done' | 'queued' | 'again' | 'new'
  /** A request of ingest's own to stop it was taken back: see withdraw-cancel.ts. */
  readonly withdrawn: boolean
}

const firstOrderOf = (status: StatusRecord) => ({ origin: status.origin, submittedAt: status.submitted_at })

/** Without a result, such a status is older than the moment at which the result was taken away. */
const hasEnded = ({ state }: StatusRecord): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled'

/**
 * How a job stands that an upload orders. The order of a job that exists is recorded first, and a request to stop it
 * taken back after that: whoever cancels it at the same moment writes first and checks the orders then, so that one of
 * the two sees the other. A new job takes two requests.
 */
export const standingOf = async (
  world: Pick<IngestWorld, 'output' | 'now'>,
  job: JobMessage,
  signal: AbortSignal,
): Promise<Standing> => {
  const { output, now } = world
  const { job_id } = job
  const result = await readRecord(output, resultKey(job_id), resultRecordSchema, signal)
  if (result !== null) {
    const { record } = result
    if (record === null || record.state === 'succeeded') return { state: 'done', withdrawn: false }
    const { origin, submitted_at: submittedAt } = record.job
    await recordOrder(world, job, { origin, submittedAt }, signal)
    const aside =
      record.state === 'cancelled' ? await setAsideCancelled(output, job_id, result, signal) : null
    return aside === null ? { state: 'done', withdrawn: false } : { state: 'again', ...aside }
  }
  const status = await readRecord(output, statusKey(job_id), statusRecordSchema, signal)
  if (status === null) return { state: 'new', withdrawn: false }
  const { record } = status
  await recordOrder(world, job, record === null ? null : firstOrderOf(record), signal)
  const withdrawn = await withdrawCancel(output, job_id, signal)
  const isRecent = now().getTime() - status.lastModified.getTime() < LATELY_MS
  const isWaiting = record === null || !hasEnded(record)
  return { state: isRecent && isWaiting ? 'queued' : 'again', withdrawn }
}

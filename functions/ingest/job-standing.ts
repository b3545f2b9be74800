import { resultKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import { isResultState, type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import { statusRecordSchema } from '../../shared/contracts/status-record.ts'
import { ENTERED_TWICE_WITHIN_MS } from '../../shared/job-index/count-entries.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import type { IngestWorld } from './ingest-world.ts'
import { type FirstOrder, recordOrder } from './job-orders.ts'
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
  /** The end of the job, which a worker may have entered in the index once more; `null`: there was none. */
  readonly tookAway: ResultRecord | null
  /** This upload was its first order, so lately that a run which ended midway may not have entered it in the index. */
  readonly mayLackEntry: boolean
}

const isOfThisUpload = (job: JobMessage, { origin, submitted_at }: FirstOrder, now: Date): boolean =>
  origin.key === job.origin.key &&
  origin.etag === job.origin.etag &&
  now.getTime() - Date.parse(submitted_at) < ENTERED_TWICE_WITHIN_MS

const standing = (state: Standing['state'], about: Partial<Standing> = {}): Standing => ({
  ...{ state, withdrawn: false, tookAway: null, mayLackEntry: false },
  ...about,
})

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
    if (record === null) return standing('done')
    const mayLackEntry = isOfThisUpload(job, record.job, now())
    if (record.state === 'succeeded') return standing('done', { mayLackEntry })
    await recordOrder(world, job, record.job, signal)
    const aside =
      record.state === 'cancelled'
        ? await setAsideCancelled(output, job_id, { ...result, record }, now(), signal)
        : null
    return aside === null
      ? standing('done', { mayLackEntry })
      : standing('again', { ...aside, mayLackEntry, tookAway: record })
  }
  const status = await readRecord(output, statusKey(job_id), statusRecordSchema, signal)
  if (status === null) return standing('new')
  const { record } = status
  await recordOrder(world, job, record, signal)
  const mayLackEntry = record !== null && isOfThisUpload(job, record, now())
  const withdrawn = await withdrawCancel(output, job_id, signal)
  const isRecent = now().getTime() - status.lastModified.getTime() < LATELY_MS
  // Without a result, a status that says it has one is older than the moment at which the result was taken away.
  const isWaiting = record === null || !isResultState(record.state)
  return standing(isRecent && isWaiting ? 'queued' : 'again', { withdrawn, mayLackEntry })
}

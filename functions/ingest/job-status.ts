import { resultKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import { isResultState, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import { statusRecordSchema } from '../../shared/contracts/status-record.ts'
import { ENTERED_TWICE_WITHIN_MS } from '../../shared/job-index/count-entries.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { LATELY_MS } from './event-times.ts'
import type { IngestDeps } from './ingest-deps.ts'
import { type FirstOrder, recordOrder, sentAgainAt } from './job-orders.ts'
import { type CancelledResult, readRequester, withdrawCancel } from './withdraw-cancel.ts'

export interface OrderedJobStatus {
  /**
   * - `done`    it has a result that stays
   * - `queued`  its message was sent lately, as its status says, or the order of this upload
   * - `again`   it has a status, and its message is to be sent again
   * - `new`     nothing is known of it
   */
  readonly state: 'done' | 'queued' | 'again' | 'new'
  /** Ingest's own request to stop it was taken back; a worker may stop it all the same, see withdraw-cancel.ts. */
  readonly withdrawn: boolean
  /** The end of the job, to be set aside before the message is sent; `null`: there is none. */
  readonly cancelled: CancelledResult | null
  /** This upload was its first order, so lately that a run which ended midway may not have entered it in the index. */
  readonly mayLackEntry: boolean
  /** Its result came of this very version of the upload, so that ingest runs for it again. */
  readonly isOwnResult: boolean
}

const isOfThisUpload = (job: JobMessage, { origin, submitted_at }: FirstOrder, now: Date): boolean =>
  origin.key === job.origin.key &&
  origin.etag === job.origin.etag &&
  now.getTime() - Date.parse(submitted_at) < ENTERED_TWICE_WITHIN_MS

/** Whether both are of one version of an upload. A bucket without versions does not tell an upload from an equal one. */
const isOfThisVersion = ({ origin: { key, version_id } }: JobMessage, { origin }: FirstOrder): boolean =>
  version_id !== null && origin.key === key && origin.version_id === version_id

const jobStatus = (
  state: OrderedJobStatus['state'],
  about: Partial<OrderedJobStatus> = {},
): OrderedJobStatus => ({
  ...{ state, withdrawn: false, cancelled: null, mayLackEntry: false, isOwnResult: false },
  ...about,
})

/**
 * Status of a job that an upload orders. The order of a job that exists is recorded first, and a request to stop it
 * taken back after that, where there is no result, or by the caller: a run that cancels it at the same moment writes first and
 * checks the orders then, so that one of the two sees the other. A new job takes two requests.
 */
export const statusOfOrderedJob = async (
  deps: Pick<IngestDeps, 'output' | 'now'>,
  job: JobMessage,
  signal: AbortSignal,
): Promise<OrderedJobStatus> => {
  const { output, now } = deps
  const { job_id } = job
  const result = await readRecord(output, resultKey(job_id), resultRecordSchema, signal)
  if (result !== null) {
    const { record } = result
    if (record === null) return jobStatus('done')
    const mayLackEntry = isOfThisUpload(job, record.job, now())
    const about = { mayLackEntry, isOwnResult: isOfThisVersion(job, record.job) }
    if (record.state === 'succeeded') return jobStatus('done', about)
    // A redrive takes the result away, so the upload in its message is recorded in any case.
    const first = record.job.origin.key === job.origin.key ? null : record.job
    await recordOrder(deps, job, first, signal)
    if (record.state === 'failed') return jobStatus('done', about)
    const requester = await readRequester(output, job_id, signal)
    return requester === 'person'
      ? jobStatus('done', about)
      : jobStatus('again', { mayLackEntry, cancelled: { ...result, record, isMarked: requester !== null } })
  }
  const status = await readRecord(output, statusKey(job_id), statusRecordSchema, signal)
  if (status === null) return jobStatus('new')
  const { record } = status
  const isLate = (time: Date): boolean => now().getTime() - time.getTime() >= LATELY_MS
  // Without a result, a status that says it has one is older than the moment at which the result was taken away.
  const hasEnded = record !== null && isResultState(record.state)
  const sentAt = hasEnded || isLate(status.lastModified) ? await sentAgainAt(deps, job, signal) : null
  await recordOrder(deps, job, record, signal, sentAt)
  const mayLackEntry = record !== null && isOfThisUpload(job, record, now())
  const withdrawn = (await withdrawCancel(output, job_id, signal)) === 'ingest'
  const waits = !hasEnded && !isLate(status.lastModified)
  const wasSent = sentAt !== null && !isLate(sentAt)
  return jobStatus(waits || wasSent ? 'queued' : 'again', { withdrawn, mayLackEntry })
}

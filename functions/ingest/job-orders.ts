import { orderKey, ordersFolder, reportKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import { type JobOrder, jobOrderSchema } from '../../shared/contracts/job-order.ts'
import { encodeCompactRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { statusRecordSchema } from '../../shared/contracts/status-record.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import type { IngestDeps } from './ingest-deps.ts'

/*
 * Which uploads order a job, so that ingest can tell whether a report names it without reading all reports.
 *
 *   ordered by one upload          `origin` in status/ID.json, which is written anyway
 *   ordered by several             besides, orders/ID/SHA.json for each of them; SHA is the hash of the upload's key
 *
 * Two uploads may order a new job within milliseconds, and the slower run may end before it records that. A worker that got
 * its message keeps the origin of the status, so that the faster upload is still found.
 *
 * An order is written when the job is found to exist, so a manifest of new jobs costs no further request. It is never
 * deleted: whether it still holds is decided by the upload's report, if that is later than the order. The report comes at
 * the end of a run of ingest, so an order without one, or with an earlier one, holds while it is young.
 */

/** Longer than a run of ingest, which has five minutes, and the ten until its event comes again. */
const HOLDS_WITHOUT_REPORT_MS = 30 * 60_000
/** An upload that ordered the job so recently, as its origin, need not record that again: half of the above is left. */
const NEED_NOT_BE_RENEWED_MS = HOLDS_WITHOUT_REPORT_MS / 2

type OrderingDeps = Pick<IngestDeps, 'output' | 'now'>

interface Order {
  /** Key of the upload. */
  readonly key: string
  readonly orderedAt: Date
  /** See `sentAgainAt`. */
  readonly sentAt?: Date | null
}

const encodeOrder = ({ key, orderedAt, sentAt = null }: Order): Uint8Array<ArrayBuffer> => {
  const sent = sentAt === null ? {} : { sent_at: sentAt.toISOString() }
  const ordered_at = orderedAt.toISOString()
  const order: JobOrder = { version: 1, key, ordered_at, ...sent }
  return encodeCompactRecord(order)
}

/** The first order of a job that exists: its status has it, and the message in its result. */
export type FirstOrder = Pick<JobMessage, 'origin' | 'submitted_at'>

/**
 * Records that `job` is ordered by its upload, where it exists already. `first` is `null` if it cannot be read, or if it is
 * of this very upload and may go. `sentAt`: see `sentAgainAt`; it stays in the order.
 */
export const recordOrder = async (
  { output, now }: OrderingDeps,
  { job_id, origin }: JobMessage,
  first: FirstOrder | null,
  signal: AbortSignal,
  sentAt: Date | null = null,
): Promise<void> => {
  if (first !== null && first.origin.key === origin.key) {
    if (now().getTime() - Date.parse(first.submitted_at) < NEED_NOT_BE_RENEWED_MS) return
  } else if (first !== null) {
    // Workers keep the origin of a status, but those of earlier versions name the upload whose message they got.
    const { origin, submitted_at } = first
    const order = encodeOrder({ key: origin.key, orderedAt: new Date(submitted_at) })
    await output.create(orderKey(job_id, origin.key), order, RECORD_OPTIONS, signal)
  }
  const order = encodeOrder({ key: origin.key, orderedAt: now(), sentAt })
  await output.put(orderKey(job_id, origin.key), order, RECORD_OPTIONS, signal)
}

/**
 * When ingest sent the message of a job with a status for an order of this upload; `null`: it did not. The status does not
 * tell, because workers write over it.
 */
export const sentAgainAt = async (
  { output }: OrderingDeps,
  { job_id, origin }: JobMessage,
  signal: AbortSignal,
): Promise<Date | null> => {
  const order = await readRecord(output, orderKey(job_id, origin.key), jobOrderSchema, signal)
  const sentAt = order?.record?.sent_at
  return sentAt === undefined ? null : new Date(sentAt)
}

/** Records that the message of a job with a status was sent for an order of its upload. Call it after the sending. */
export const recordSentAgain = async (
  { output, now }: OrderingDeps,
  { job_id, origin }: JobMessage,
  signal: AbortSignal,
): Promise<void> => {
  const order = encodeOrder({ key: origin.key, orderedAt: now(), sentAt: now() })
  await output.put(orderKey(job_id, origin.key), order, RECORD_OPTIONS, signal)
}

/** Records an order whose status could not be created, because another upload was faster, or a worker. */
export const recordOverlappingOrder = async (
  deps: OrderingDeps,
  job: JobMessage,
  signal: AbortSignal,
): Promise<void> => {
  const status = await readRecord(deps.output, statusKey(job.job_id), statusRecordSchema, signal)
  await recordOrder(deps, job, status?.record ?? null, signal)
}

/** Whether the upload of an order still wants the job. What cannot be read may say so. */
const stillHolds = async (
  { output, now }: OrderingDeps,
  jobId: string,
  { key, orderedAt }: Order,
  signal: AbortSignal,
): Promise<boolean> => {
  const report = await readRecord(output, reportKey(key), ingestReportSchema, signal)
  if (report !== null) {
    if (report.record === null || report.record.jobs.some(({ job_id }) => job_id === jobId)) return true
    if (Date.parse(report.record.reported_at) > orderedAt.getTime()) return false
  }
  return now().getTime() - orderedAt.getTime() < HOLDS_WITHOUT_REPORT_MS
}

/** Whether another upload than `inputKey` orders the job. Where that cannot be found out, the answer is that one does. */
export const isOrderedElsewhere = async (
  deps: OrderingDeps,
  jobId: string,
  inputKey: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const { output } = deps
  const status = await readRecord(output, statusKey(jobId), statusRecordSchema, signal)
  if (status === null || status.record === null) return true
  const { origin, submitted_at } = status.record
  /** By the key of the upload, its latest. */
  const orders = new Map<string, Order>()
  if (origin.key !== inputKey) orders.set(origin.key, { key: origin.key, orderedAt: new Date(submitted_at) })
  for await (const { key, lastModified } of output.list(ordersFolder(jobId), signal)) {
    if (key === orderKey(jobId, inputKey)) continue
    const order = await readRecord(output, key, jobOrderSchema, signal)
    if (order === null) continue
    if (order.record === null) return true
    const { key: uploadKey, ordered_at } = order.record
    const orderedAt = ordered_at === undefined ? lastModified : new Date(ordered_at)
    const known = orders.get(uploadKey)
    if (known === undefined || known.orderedAt < orderedAt)
      orders.set(uploadKey, { key: uploadKey, orderedAt })
  }
  for (const order of orders.values()) if (await stillHolds(deps, jobId, order, signal)) return true
  return false
}

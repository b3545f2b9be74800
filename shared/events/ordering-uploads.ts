import { ordersFolder, statusKey } from '../contracts/bucket-layout.ts'
import { jobOrderSchema } from '../contracts/job-order.ts'
import type { ResultRecord } from '../contracts/result-record.ts'
import { statusRecordSchema } from '../contracts/status-record.ts'
import { inLanes } from '../in-lanes.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { readReadableRecord, readRecord } from '../records/read-record.ts'

/** A job that many uploads ordered has an order of each. */
const ORDERS_AT_ONCE = 16

/**
 * Keys of all uploads that may have ordered a job which has a result: the one in its message, the first one, which is in
 * its status, and those that functions/ingest/job-orders.ts recorded beside it. Whether one still names the job is in its
 * report.
 */
export const orderingUploads = async (
  output: ObjectStore,
  { job_id, job }: Pick<ResultRecord, 'job_id' | 'job'>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const keys = new Set([job.origin.key])
  const status = await readRecord(output, statusKey(job_id), statusRecordSchema, signal)
  if (status?.record) keys.add(status.record.origin.key)
  const orders: string[] = []
  for await (const { key } of output.list(ordersFolder(job_id), signal)) orders.push(key)
  const read = await inLanes(orders, ORDERS_AT_ONCE, (key) =>
    readReadableRecord(output, key, jobOrderSchema, signal),
  )
  for (const order of read) if (order !== null) keys.add(order.record.key)
  return keys
}

import { ordersFolder, statusKey } from '../contracts/bucket-layout.ts'
import { jobOrderSchema } from '../contracts/job-order.ts'
import type { ResultRecord } from '../contracts/result-record.ts'
import { statusRecordSchema } from '../contracts/status-record.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { readRecord } from '../records/read-record.ts'

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
  for await (const { key } of output.list(ordersFolder(job_id), signal)) {
    const order = await readRecord(output, key, jobOrderSchema, signal)
    if (order === null) continue
    if (order.record === null)
      throw new Error(`${key}: cannot be read by this version; deploy the version that wrote it`)
    keys.add(order.record.key)
  }
  return keys
}

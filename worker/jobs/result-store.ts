import { createHash } from 'node:crypto'
import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** Whether a job is completed: its record exists, whatever its state. */
export const hasResult = async (store: ObjectStore, jobId: string, signal: AbortSignal): Promise<boolean> =>
  (await store.head(resultKey(jobId), signal)) !== null

/**
 * Completes a job by creating its record. Returns `false` if there was a record, which stays as it is. Checks the new
 * one against the contract first, because a number that JSON does not have (NaN) would make the record unreadable.
 */
export const createResult = async (
  store: ObjectStore,
  record: ResultRecord,
  signal: AbortSignal,
): Promise<boolean> => {
  const bytes = encodeRecord(resultRecordSchema.parse(record))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return await store.create(resultKey(record.job_id), bytes, { ...RECORD_OPTIONS, sha256 }, signal)
}

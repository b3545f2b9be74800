import { createHash } from 'node:crypto'
import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** A record of 64 videos with long messages has some 100 kB. */
const MAX_RESULT_BYTES = 8 * 1024 * 1024

/** Whether a job is completed: its record exists, whatever its state. */
export const hasResult = async (store: ObjectStore, jobId: string, signal: AbortSignal): Promise<boolean> =>
  (await store.head(resultKey(jobId), signal)) !== null

/** Reads a job's record; `null` if there is none. Throws if this version cannot read it. */
export const readResult = async (
  store: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<ResultRecord | null> => {
  const object = await store.read(resultKey(jobId), { maxBytes: MAX_RESULT_BYTES }, signal)
  return object === null ? null : resultRecordSchema.parse(JSON.parse(new TextDecoder().decode(object.bytes)))
}

/**
 * Completes a job by creating its record. Returns `false` if there was a record, which stays as it is. Checks the new
 * one against the contract first, because a number that JSON does not have (NaN) would make the record unreadable.
 */
export const createResult = async (
  store: ObjectStore,
  record: ResultRecord,
  signal: AbortSignal,
): Promise<boolean> => {
  const text = JSON.stringify(resultRecordSchema.parse(record), null, 2)
  const bytes = new TextEncoder().encode(`${text}\n`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return await store.create(
    resultKey(record.job_id),
    bytes,
    { contentType: 'application/json', sha256 },
    signal,
  )
}

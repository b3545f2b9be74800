import { createHash } from 'node:crypto'
import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** A record of 64 videos with long messages has some 100 kB. */
const MAX_RESULT_BYTES = 8 * 1024 * 1024

/** A job is done when its record is there, whatever it says. */
export const isDone = async (store: ObjectStore, jobId: string, signal: AbortSignal): Promise<boolean> =>
  (await store.head(resultKey(jobId), signal)) !== null

/** Null: not there. Throws if it is not a record as this version knows them. */
export const readResult = async (
  store: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<ResultRecord | null> => {
  const object = await store.read(resultKey(jobId), { maxBytes: MAX_RESULT_BYTES }, signal)
  return object === null ? null : resultRecordSchema.parse(JSON.parse(new TextDecoder().decode(object.bytes)))
}

/**
 * Makes a job done, once and for all. False: it was done before, and its record stays as it is. Checked against the
 * contract first: a figure that JSON does not have (NaN) would make a record that nobody can read.
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

import type { z } from 'zod'
import { resultKey } from '../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord, type StoredRecord } from '../../shared/records/read-record.ts'

/** A record that this version can read. */
export type Readable<T> = StoredRecord<T> & { readonly record: T }

export type StoredResult = Readable<ResultRecord>

/**
 * Reads a record; `null`: there is none. Throws for one that this version cannot read, so that SQS delivers its event
 * again and moves it to the dead-letter queue in the end, instead of it being dropped.
 */
export const readReadable = async <T>(
  output: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Readable<T> | null> => {
  const stored = await readRecord(output, key, schema, signal)
  if (stored === null) return null
  const { record } = stored
  if (record !== null) return { ...stored, record }
  throw new Error(`${key}: cannot be read by this version; deploy the version that wrote it`, {
    cause: stored.fault,
  })
}

export const readResult = (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<StoredResult | null> => readReadable(output, resultKey(jobId), resultRecordSchema, signal)

import type { z } from 'zod'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readRecord as readAnyRecord } from '../../../shared/records/read-record.ts'

export interface StoredRecord<T> {
  readonly record: T
  readonly etag: string
  readonly bytes: Uint8Array
}

/** Reads a JSON document of this project; `null` if there is none. Throws if something else lies under its key. */
export const readRecord = async <T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<StoredRecord<T> | null> => {
  const stored = await readAnyRecord(store, key, schema, signal)
  if (stored === null) return null
  const { record, etag, bytes, fault } = stored
  if (record !== null) return { record, etag, bytes }
  throw new Error(
    `s3://${store.bucket}/${key}: is not a record that this version reads; a newer svd may have written it`,
    { cause: fault },
  )
}

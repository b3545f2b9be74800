import type { z } from 'zod'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** The largest records are reports of manifests; one of 10,000 jobs has some 4 MB. */
const MAX_RECORD_BYTES = 64 * 2 ** 20

export interface StoredRecord<T> {
  readonly record: T
  readonly etag: string
  readonly bytes: Uint8Array
}

/** A JSON document of ours; null: there is none. Throws where something else lies under its key. */
export const readRecord = async <T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<StoredRecord<T> | null> => {
  const stored = await store.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
  if (stored === null) return null
  const { bytes, etag } = stored
  try {
    return { record: schema.parse(JSON.parse(new TextDecoder().decode(bytes))), etag, bytes }
  } catch (cause) {
    throw new Error(
      `s3://${store.bucket}/${key}: is not a record that this version reads; a newer svd may have written it`,
      { cause },
    )
  }
}

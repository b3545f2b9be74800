import type { z } from 'zod'
import { decodeRecord } from '../contracts/record-bytes.ts'
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts'

/** The largest records are reports of manifests; one of 10,000 jobs has some 4 MB. */
export const MAX_RECORD_BYTES = 64 * 2 ** 20

export interface StoredRecord<T> extends ObjectInfo {
  readonly bytes: Uint8Array
  /** `null`: this version cannot read it, because another version wrote it. `fault` says why. */
  readonly record: T | null
  readonly fault?: unknown
}

/** A record that this version can read. */
export type ReadableRecord<T> = StoredRecord<T> & { readonly record: T }

const parse = <T>(bytes: Uint8Array, schema: z.ZodType<T>): Pick<StoredRecord<T>, 'record' | 'fault'> => {
  try {
    return { record: schema.parse(decodeRecord(bytes)) }
  } catch (fault) {
    return { record: null, fault }
  }
}

/** A JSON document of the output bucket, or `null` if nothing is there. */
export const readRecord = async <T>(
  output: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<StoredRecord<T> | null> => {
  const stored = await output.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
  return stored === null ? null : { ...stored, ...parse(stored.bytes, schema) }
}

/** The same, but throws if this version cannot read what is there. */
export const readReadableRecord = async <T>(
  output: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<ReadableRecord<T> | null> => {
  const stored = await readRecord(output, key, schema, signal)
  if (stored === null) return null
  const { record } = stored
  if (record !== null) return { ...stored, record }
  throw new Error(
    `s3://${output.bucket}/${key}: is not a record that this version reads; use the version that wrote it`,
    { cause: stored.fault },
  )
}

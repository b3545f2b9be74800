import type { z } from 'zod'
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts'

/** The largest records are reports of manifests; one of 10,000 jobs has some 4 MB. */
const MAX_RECORD_BYTES = 64 * 2 ** 20

export interface StoredRecord<T> extends ObjectInfo {
  readonly bytes: Uint8Array
  /** `null`: this version cannot read it, because another version wrote it. `fault` says why. */
  readonly record: T | null
  readonly fault?: unknown
}

const parse = <T>(bytes: Uint8Array, schema: z.ZodType<T>): Pick<StoredRecord<T>, 'record' | 'fault'> => {
  try {
    return { record: schema.parse(JSON.parse(new TextDecoder().decode(bytes))) }
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

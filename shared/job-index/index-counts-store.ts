import { INDEX_COUNTS_KEY } from '../contracts/bucket-layout.ts'
import { type IndexCounts, indexCountsSchema, NO_COUNTS } from '../contracts/index-counts.ts'
import { decodeRecord, RECORD_OPTIONS } from '../contracts/record-bytes.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/** A range has 80 bytes, and a thousand jobs or more. */
const MAX_COUNTS_BYTES = 64 * 2 ** 20

export interface StoredCounts {
  readonly counts: IndexCounts
  /** `null` if the bucket has no counts yet. */
  readonly etag: string | null
}

/** Reads which ranges are counted already. Throws if the object under that key holds anything else. */
export const readCounts = async (store: ObjectStore, signal: AbortSignal): Promise<StoredCounts> => {
  const stored = await store.read(INDEX_COUNTS_KEY, { maxBytes: MAX_COUNTS_BYTES }, signal)
  if (stored === null) return { counts: NO_COUNTS, etag: null }
  const counts = indexCountsSchema.parse(decodeRecord(stored.bytes))
  return { counts, etag: stored.etag }
}

/** Writes over what was read. False: others wrote meanwhile, or this call's own first try did. */
export const writeCounts = async (
  store: ObjectStore,
  { counts, etag }: StoredCounts,
  counted: IndexCounts['counted'],
  signal: AbortSignal,
): Promise<boolean> => {
  const written: IndexCounts = { version: 1, generation: counts.generation + 1, counted }
  const bytes = new TextEncoder().encode(`${JSON.stringify(written)}\n`)
  if (etag === null) return await store.create(INDEX_COUNTS_KEY, bytes, RECORD_OPTIONS, signal)
  return (await store.replace(INDEX_COUNTS_KEY, etag, bytes, RECORD_OPTIONS, signal)) !== null
}

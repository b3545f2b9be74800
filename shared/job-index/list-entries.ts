import { z } from 'zod'
import {
  type IndexEntry,
  type IndexKind,
  indexFolder,
  keyBefore,
  parseEntryKey,
} from '../contracts/index-entry.ts'
import { jobIdSchema } from '../contracts/job-message.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Gap } from './counted-ranges.ts'

/** Ids of 10,000 jobs have 350 kB. */
const MAX_IDS_BYTES = 4 * 2 ** 20
const idsSchema = z.array(jobIdSchema)

const EVERYTHING: Gap = { since: null, until: null }

/** Entries of a kind, the newest first. S3 lists a thousand with a request. */
export async function* listEntries(
  store: ObjectStore,
  kind: IndexKind,
  signal: AbortSignal,
  { since, until }: Gap = EVERYTHING,
): AsyncGenerator<IndexEntry> {
  const after = until === null ? undefined : keyBefore(kind, until)
  for await (const { key } of store.list(indexFolder(kind), signal, after)) {
    const entry = parseEntryKey(kind, key)
    if (entry === null) continue
    if (since !== null && entry.time < since) return
    yield entry
  }
}

/** Ids of an entry's jobs, with a request where it is about several. */
export const jobIdsOf = async (
  store: ObjectStore,
  { jobId, key }: IndexEntry,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (jobId !== null) return [jobId]
  const stored = await store.read(key, { maxBytes: MAX_IDS_BYTES }, signal)
  return stored === null ? [] : idsSchema.parse(JSON.parse(new TextDecoder().decode(stored.bytes)))
}

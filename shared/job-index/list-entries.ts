import { z } from 'zod'
import {
  type EntryKind,
  type IndexEntry,
  indexFolder,
  keyBefore,
  parseEntryKey,
  type UploadKind,
} from '../contracts/index-entry.ts'
import { jobIdSchema } from '../contracts/job-message.ts'
import { MAX_KEY_BYTES } from '../contracts/object-key.ts'
import { decodeRecord } from '../contracts/record-bytes.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Gap } from './counted-ranges.ts'

/** Ids of 10,000 jobs have 350 kB. */
const MAX_IDS_BYTES = 4 * 2 ** 20
const idsSchema = z.array(jobIdSchema)

/** Entries that S3 lists with one request. */
export const LIST_PAGE_ENTRIES = 1_000

const EVERYTHING: Gap = { since: null, until: null }

/** Entries of a kind, the newest first. S3 lists a thousand with a request. */
export async function* listEntries<Kind extends EntryKind>(
  store: ObjectStore,
  kind: Kind,
  signal: AbortSignal,
  { since, until }: Gap = EVERYTHING,
): AsyncGenerator<IndexEntry<Kind>> {
  const after = until === null ? undefined : keyBefore(kind, until)
  for await (const { key } of store.list(indexFolder(kind), signal, after)) {
    const entry = parseEntryKey(kind, key)
    if (entry === null) continue
    if (since !== null && entry.time < since) return
    yield entry
  }
}

/** The key of a rejected upload; `null`: the entry is gone. */
export const keyOfUpload = async (
  store: ObjectStore,
  { key }: IndexEntry<UploadKind>,
  signal: AbortSignal,
): Promise<string | null> => {
  const stored = await store.read(key, { maxBytes: MAX_KEY_BYTES }, signal)
  return stored === null ? null : new TextDecoder().decode(stored.bytes)
}

/** Ids of an entry's jobs, with a request where it is about several. */
export const jobIdsOf = async (
  store: ObjectStore,
  { jobId, key }: IndexEntry,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (jobId !== null) return [jobId]
  const stored = await store.read(key, { maxBytes: MAX_IDS_BYTES }, signal)
  return stored === null ? [] : idsSchema.parse(decodeRecord(stored.bytes))
}

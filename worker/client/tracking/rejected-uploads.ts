import { type IndexEntry, UPLOAD_KINDS, type UploadKind } from '../../../shared/contracts/index-entry.ts'
import { keyOfUpload, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

/** Most uploads of each kind that are counted, because S3 lists as many with one request. */
const MOST_COUNTED = 1_000

/** Uploads from which ingest made no jobs, or not all that were requested. */
export interface RejectedUploads {
  readonly rejected: number
  /** Some of their items. */
  readonly partly: number
  /** Whether there are more, because at most 1,000 of each kind are counted. */
  readonly more: boolean
  /** Key of the last of them in the input bucket; `null` if there is none. */
  readonly newest: string | null
}

const entriesOf = async (
  outputs: ObjectStore,
  kind: UploadKind,
  since: Date | null,
  signal: AbortSignal,
): Promise<readonly IndexEntry<UploadKind>[]> => {
  const entries: IndexEntry<UploadKind>[] = []
  for await (const entry of listEntries(outputs, kind, signal, { since, until: null })) {
    entries.push(entry)
    if (entries.length > MOST_COUNTED) break
  }
  return entries
}

/** Counts by the index, which lacks reports of versions that had none, and those of dead-letter messages. */
export const countRejectedUploads = async (
  outputs: ObjectStore,
  /** Time from which uploads are counted; `null` for any time. */
  since: Date | null,
  signal: AbortSignal,
): Promise<RejectedUploads> => {
  const [rejected = [], partly = []] = await Promise.all(
    UPLOAD_KINDS.map((kind) => entriesOf(outputs, kind, since, signal)),
  )
  const [last] = [rejected, partly]
    .flatMap(([newest]) => newest ?? [])
    .toSorted((a, b) => b.time.getTime() - a.time.getTime())
  return {
    rejected: Math.min(rejected.length, MOST_COUNTED),
    partly: Math.min(partly.length, MOST_COUNTED),
    more: rejected.length > MOST_COUNTED || partly.length > MOST_COUNTED,
    newest: last === undefined ? null : await keyOfUpload(outputs, last, signal),
  }
}

import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { type IndexEntry, UPLOAD_KINDS, type UploadKind } from '../../../shared/contracts/index-entry.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { keyOfUpload, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

interface WantedReports {
  /** Time from which uploads are read; `null` for any time. */
  readonly since: Date | null
  /** The most reports that are read. */
  readonly limit: number
}

export interface RejectedReports {
  /** Newest first. */
  readonly reports: readonly IngestReport[]
  /** Whether there are older ones. */
  readonly more: boolean
}

const entriesOf = async (
  outputs: ObjectStore,
  kind: UploadKind,
  { since, limit }: WantedReports,
  signal: AbortSignal,
): Promise<readonly IndexEntry<UploadKind>[]> => {
  const entries: IndexEntry<UploadKind>[] = []
  for await (const entry of listEntries(outputs, kind, signal, { since, until: null })) {
    entries.push(entry)
    if (entries.length > limit) break
  }
  return entries
}

/** Reads the newest report on an entry's upload; `null` if it is gone, or if a later upload of that key was accepted. */
const readReport = async (
  outputs: ObjectStore,
  entry: IndexEntry<UploadKind>,
  signal: AbortSignal,
): Promise<IngestReport | null> => {
  const key = await keyOfUpload(outputs, entry, signal)
  if (key === null) return null
  const stored = await readReadableRecord(outputs, reportKey(key), ingestReportSchema, signal)
  return stored === null || stored.record.state === 'accepted' ? null : stored.record
}

/** Reads reports on uploads that ingest rejected, whole or in part, by the index. */
export const readRejectedReports = async (
  outputs: ObjectStore,
  wanted: WantedReports,
  signal: AbortSignal,
): Promise<RejectedReports> => {
  const found = await Promise.all(UPLOAD_KINDS.map((kind) => entriesOf(outputs, kind, wanted, signal)))
  const entries = found.flat().toSorted((a, b) => b.time.getTime() - a.time.getTime())
  const chosen = entries.slice(0, wanted.limit)
  const read = await Promise.all(chosen.map((entry) => readReport(outputs, entry, signal)))
  const byKey = new Map(read.flatMap((report) => (report === null ? [] : [[report.key, report]])))
  return { reports: [...byKey.values()], more: entries.length > wanted.limit }
}

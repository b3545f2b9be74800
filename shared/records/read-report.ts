import { type IngestReport, ingestReportSchema } from '../contracts/ingest-report.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type ReadableRecord, readReadableRecord } from './read-record.ts'

/** Manifests whose jobs end at the same time; a report of 10,000 jobs has some 4 MB. */
const MAX_REPORTS = 4

/** Reports that were read, by store and key. */
const cache = new WeakMap<ObjectStore, Map<string, ReadableRecord<IngestReport>>>()

const cacheOf = (output: ObjectStore): Map<string, ReadableRecord<IngestReport>> => {
  const known = cache.get(output) ?? new Map<string, ReadableRecord<IngestReport>>()
  cache.set(output, known)
  return known
}

/**
 * Reads a report as it is now; `null`: there is none. Each result of a manifest's jobs needs the manifest's report, so one
 * that has not changed since it was read is not read and parsed again. Throws as `readReadableRecord` does.
 */
export const readReport = async (
  output: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<ReadableRecord<IngestReport> | null> => {
  const reports = cacheOf(output)
  const known = reports.get(key)
  if (known !== undefined && (await output.head(key, signal))?.etag === known.etag) return known
  reports.delete(key)
  const report = await readReadableRecord(output, key, ingestReportSchema, signal)
  const [oldest] = reports.keys()
  if (oldest !== undefined && reports.size >= MAX_REPORTS) reports.delete(oldest)
  if (report !== null) reports.set(key, report)
  return report
}

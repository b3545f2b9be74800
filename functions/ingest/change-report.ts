import { isDeepStrictEqual } from 'node:util'
import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { encodeReport } from './write-report.ts'

/** Other runs rewrite the same report only if the same image has several events at once. */
const ATTEMPTS = 5

/**
 * Changes a report that is there, and keeps what other runs write at the same moment. Returns the report as it stands;
 * `null`: there is none that this version can read.
 */
export const changeReport = async (
  output: ObjectStore,
  inputKey: string,
  change: (report: IngestReport) => IngestReport,
  signal: AbortSignal,
): Promise<IngestReport | null> => {
  const key = reportKey(inputKey)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await readRecord(output, key, ingestReportSchema, signal)
    if (stored === null || stored.record === null) return null
    const report = change(stored.record)
    if (isDeepStrictEqual(report, stored.record)) return report
    const { body, options } = encodeReport(report)
    if ((await output.replace(key, stored.etag, body, options, signal)) !== null) return report
  }
  throw new Error(`${key}: was written by others ${ATTEMPTS} times in a row`)
}

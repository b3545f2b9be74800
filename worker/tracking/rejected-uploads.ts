import { REPORTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema, REPORT_STATE } from '../../shared/contracts/ingest-report.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import type { ListedObject, ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from './read-record.ts'

/** One request each. */
const REPORTS_CHECKED = 1_000
const LANES = 16

/** Uploads that ingest made no jobs of, or not all that were asked for. */
export interface RejectedUploads {
  readonly rejected: number
  /** Some of their items. */
  readonly partly: number
  /** Reports that were not checked, because they are older than the newest 1,000. */
  readonly unchecked: number
  /** Key of the last of them in the input bucket; `null`: there is none. */
  readonly newest: string | null
}

/**
 * Counts by the metadata of the newest reports, because a report itself may have megabytes. Reports of versions that
 * wrote no such metadata do not count, nor do those of dead-letter messages.
 */
export const countRejectedUploads = async (
  outputs: ObjectStore,
  /** `null`: since ever. */
  since: Date | null,
  signal: AbortSignal,
): Promise<RejectedUploads> => {
  const reports: ListedObject[] = []
  for await (const report of outputs.list(REPORTS_PREFIX, signal)) {
    if (since === null || report.lastModified >= since) reports.push(report)
  }
  reports.sort((a, b) => b.lastModified.getTime() - a.lastModified.getTime())
  const checked = reports.slice(0, REPORTS_CHECKED)
  const infos = await inLanes(checked, LANES, ({ key }) => outputs.head(key, signal))
  const states = infos.map((info) => info?.metadata[REPORT_STATE])
  const last = checked[states.findIndex((state) => state === 'rejected' || state === 'partly')]
  const newest = last === undefined ? null : await readRecord(outputs, last.key, ingestReportSchema, signal)
  return {
    rejected: states.filter((state) => state === 'rejected').length,
    partly: states.filter((state) => state === 'partly').length,
    unchecked: reports.length - checked.length,
    newest: newest?.record.key ?? null,
  }
}

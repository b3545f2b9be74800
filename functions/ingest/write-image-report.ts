import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { assertNewest } from './assert-newest.ts'
import type { FoundUpload, IngestDeps } from './ingest-deps.ts'
import { isRevision, jobsNamedAgain, supersede } from './superseded-jobs.ts'
import { writeReport } from './write-report.ts'

export interface WrittenImageReport {
  readonly report: IngestReport
  /** Ids of jobs that it names, and that the report before had superseded. */
  readonly namedAgain: ReadonlySet<string>
  /** It replaced another answer to the same upload. */
  readonly isRevision: boolean
}

/**
 * Writes the report of an image, as `writeReport` does. It lists the jobs that it supersedes as pending. Throws
 * `ObjectChangedError` if a sidecar's run is on an image that is not the newest.
 */
export const writeImageReport = async (
  { input, output }: Pick<IngestDeps, 'input' | 'output'>,
  upload: FoundUpload,
  report: IngestReport,
): Promise<WrittenImageReport> => {
  const { sequencer, signal } = upload
  let before: IngestReport | null = null
  const written = await writeReport(output, report, signal, async ({ etag }, ours) => {
    if (sequencer === null) await assertNewest(input, upload)
    const stored = await readRecord(output, reportKey(report.key), ingestReportSchema, signal)
    // If another was written in between, the replacement fails, and this is called again.
    before = stored !== null && stored.etag === etag ? stored.record : null
    return before === null ? ours : supersede(before, ours)
  })
  return before === null
    ? { report: written, namedAgain: new Set(), isRevision: false }
    : {
        report: written,
        namedAgain: jobsNamedAgain(before, written),
        isRevision: isRevision(before, written),
      }
}

import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from './read-record.ts'
import { jobsNamedAgain, supersede } from './superseded-jobs.ts'
import { writeReport } from './write-report.ts'

export interface WrittenPictureReport {
  readonly report: IngestReport
  /** Ids of jobs that it names, and that the report before had superseded. */
  readonly namedAgain: ReadonlySet<string>
}

/** Writes the report of a picture, as `writeReport` does. It lists the jobs that it supersedes as pending. */
export const writePictureReport = async (
  output: ObjectStore,
  report: IngestReport,
  signal: AbortSignal,
): Promise<WrittenPictureReport> => {
  let namedAgain: ReadonlySet<string> = new Set()
  const written = await writeReport(output, report, signal, async ({ etag }, ours) => {
    const before = await readRecord(output, reportKey(report.key), ingestReportSchema, signal)
    // Whatever was written in between makes the replacement fail, and this is called again.
    namedAgain = new Set()
    if (before === null || before.etag !== etag || before.record === null) return ours
    namedAgain = jobsNamedAgain(before.record, ours)
    return supersede(before.record, ours)
  })
  return { report: written, namedAgain }
}

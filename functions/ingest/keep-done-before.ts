import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { isOnContent, type TakeOver } from './write-report.ts'

export const isSameUpload = (before: IngestReport, report: IngestReport): boolean =>
  before.etag === report.etag &&
  before.version_id === report.version_id &&
  (before.sequencer === null || report.sequencer === null || before.sequencer === report.sequencer)

/**
 * The report with `done_before` as an earlier report on the same upload has it. A run that comes again finds jobs ended
 * that the first run had queued. The events about the upload would differ by that, and a receiver would take them for
 * different ones.
 */
export const keepDoneBefore = (before: Pick<IngestReport, 'jobs'>, report: IngestReport): IngestReport => {
  const known = new Map(before.jobs.map(({ job_id, done_before }) => [job_id, done_before]))
  const jobs = report.jobs.map((job) => ({ ...job, done_before: known.get(job.job_id) ?? job.done_before }))
  return { ...report, jobs }
}

/** The same for `writeReport`. It reads the earlier report only if that is on the same content. */
export const keepOfSameUpload =
  (output: ObjectStore, signal: AbortSignal): TakeOver =>
  async (before, report) => {
    if (!isOnContent(before, report)) return report
    const stored = await readRecord(output, reportKey(report.key), ingestReportSchema, signal)
    const earlier = stored?.record ?? null
    return earlier !== null && isSameUpload(earlier, report) ? keepDoneBefore(earlier, report) : report
  }

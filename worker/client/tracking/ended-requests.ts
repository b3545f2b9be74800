import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { PipelineEvent } from '../../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { batchEnded, isManifestReport, requestEnded } from '../../../shared/events/make-events.ts'
import { orderingUploads } from '../../../shared/events/ordering-uploads.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReport } from '../../../shared/records/read-report.ts'
import type { JobStatus } from './job-status.ts'

/** Returns the events of jobs that have ended since the last call. */
export type EndedRequests = (
  statuses: readonly JobStatus[],
  signal: AbortSignal,
) => Promise<readonly PipelineEvent[]>

/**
 * Follows requests of jobs, and makes the same events of them as notify, each once. `report`: only its requests, and the
 * end of its batch if it is that of a manifest. `null`: requests of all uploads that ordered the jobs.
 */
export const followEndedRequests = (outputs: ObjectStore, report: IngestReport | null): EndedRequests => {
  const results = new Map<string, ResultRecord>()
  let batchHasEnded = report === null || !isManifestReport(report)

  const reportsOf = async (result: ResultRecord, signal: AbortSignal): Promise<readonly IngestReport[]> => {
    if (report !== null) return [report]
    const reports: IngestReport[] = []
    for (const key of await orderingUploads(outputs, result, signal)) {
      const stored = await readReport(outputs, reportKey(key), signal)
      if (stored !== null) reports.push(stored.record)
    }
    return reports
  }

  return async (statuses, signal) => {
    const events: PipelineEvent[] = []
    for (const { jobId, result } of statuses) {
      if (result === null || results.has(jobId)) continue
      for (const ordering of await reportsOf(result, signal)) {
        const requests = ordering.jobs.filter(({ job_id }) => job_id === jobId)
        events.push(...requests.map((job) => requestEnded(ordering, job, result, outputs.bucket)))
      }
      results.set(jobId, result)
    }
    if (report === null || batchHasEnded) return events
    const ids = [...new Set(report.jobs.map(({ job_id }) => job_id))]
    const ended = ids.flatMap((jobId) => results.get(jobId) ?? [])
    if (ended.length < ids.length) return events
    batchHasEnded = true
    return [...events, batchEnded(report, ended, outputs.bucket)]
  }
}

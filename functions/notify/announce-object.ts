import { jobIdOfResult, REPORTS_PREFIX, reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { DroppedObject } from '../../shared/contracts/s3-event.ts'
import { isManifestReport, requestEnded, uploadRejected } from '../../shared/events/make-events.ts'
import { orderingUploads } from '../../shared/events/ordering-uploads.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { readReadableRecord } from '../../shared/records/read-record.ts'
import { readResult, type StoredResult } from '../../shared/records/read-result.ts'
import { REQUESTS_AT_ONCE } from '../object-events.ts'
import { followBatch } from './follow-batch.ts'
import type { NotifyDeps } from './notify-deps.ts'

/*
 * Who announces a request, of which there are a report and a result, written by two processes in any order:
 *
 *   the result is written   its event finds the reports of all uploads that ordered the job, if they are there
 *   a report is written     its event finds the results of all its jobs, if they are there
 *
 * S3 shows each write to every later read. So the event of whichever was written last finds the other. Both may announce
 * a request, with the same id.
 */

/** Reports of 10,000 jobs are announced in pieces, so that results are not all in memory at once. */
const JOBS_PER_PIECE = 500

const announce = async (
  { publish, onEvent }: NotifyDeps,
  key: string,
  events: readonly PipelineEvent[],
  signal: AbortSignal,
): Promise<void> => {
  if (events.length === 0) return
  await publish(events, signal)
  onEvent({ type: 'announced', key, events })
}

/** Requests of a report that share a job. */
const requestsOf = ({ jobs }: IngestReport, jobId: string): readonly IngestReport['jobs'][number][] =>
  jobs.filter(({ job_id }) => job_id === jobId)

const announceResult = async (
  deps: NotifyDeps,
  key: string,
  stored: StoredResult,
  signal: AbortSignal,
): Promise<void> => {
  const { output } = deps
  const result: ResultRecord = stored.record
  for (const uploadKey of await orderingUploads(output, result, signal)) {
    const report = await readReadableRecord(output, reportKey(uploadKey), ingestReportSchema, signal)
    if (report === null) continue
    const requests = requestsOf(report.record, result.job_id)
    if (requests.length === 0) continue
    const events = requests.map((job) => requestEnded(report.record, job, result, output.bucket))
    await announce(deps, key, events, signal)
    if (!isManifestReport(report.record)) continue
    const ended = await followBatch(deps, report, stored, signal)
    if (ended !== null) deps.onEvent({ type: 'announced', key, events: [ended] })
  }
}

const announceReport = async (deps: NotifyDeps, key: string, signal: AbortSignal): Promise<void> => {
  const { output } = deps
  const stored = await readReadableRecord(output, key, ingestReportSchema, signal)
  if (stored === null) return
  const { record: report } = stored
  const isManifest = isManifestReport(report)
  if (report.state === 'rejected' && !isManifest)
    await announce(deps, key, [uploadRejected(report, output.bucket)], signal)
  const jobs = [...Map.groupBy(report.jobs, ({ job_id }) => job_id)]
  for (let start = 0; start < jobs.length; start += JOBS_PER_PIECE) {
    const events = await inLanes(
      jobs.slice(start, start + JOBS_PER_PIECE),
      REQUESTS_AT_ONCE,
      async ([jobId, requests]) => {
        const result = await readResult(output, jobId, signal)
        return result === null
          ? []
          : requests.map((job) => requestEnded(report, job, result.record, output.bucket))
      },
    )
    await announce(deps, key, events.flat(), signal)
  }
  if (!isManifest) return
  const ended = await followBatch(deps, stored, null, signal)
  if (ended !== null) deps.onEvent({ type: 'announced', key, events: [ended] })
}

/** Announces what an object of the output bucket means for requests. Other objects than results and reports mean nothing. */
export const announceObject = async (
  deps: NotifyDeps,
  { bucket, key }: DroppedObject,
  signal: AbortSignal,
): Promise<void> => {
  if (bucket !== deps.output.bucket) return
  const jobId = jobIdOfResult(key)
  if (jobId !== null) {
    const result = await readResult(deps.output, jobId, signal)
    // Brought back since: the result that comes of that is announced.
    if (result !== null) await announceResult(deps, key, result, signal)
  } else if (key.startsWith(REPORTS_PREFIX)) {
    await announceReport(deps, key, signal)
  }
}

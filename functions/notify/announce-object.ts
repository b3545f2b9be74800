import { jobIdOfResult, REPORTS_PREFIX, reportKey } from '../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { ResultRecord } from '../../shared/contracts/result-record.ts'
import type { UploadedObject } from '../../shared/contracts/s3-event.ts'
import { isManifestReport, requestEnded, uploadRejected } from '../../shared/events/make-events.ts'
import { orderingUploads } from '../../shared/events/ordering-uploads.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import type { ReadableRecord } from '../../shared/records/read-record.ts'
import { readReport } from '../../shared/records/read-report.ts'
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

/**
 * Runs all steps, also after one that threw, so that an event which no service accepts keeps none of the others back.
 * Throws what they threw at the end, and SQS delivers the object's message again.
 */
const runAll = async (steps: Iterable<() => Promise<void>>, signal: AbortSignal): Promise<void> => {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      signal.throwIfAborted()
      errors.push(error)
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '))
  if (errors.length === 1) throw errors[0]
}

/** Requests of a report that share a job. */
const requestsOf = ({ jobs }: IngestReport, jobId: string): readonly IngestReport['jobs'][number][] =>
  jobs.filter(({ job_id }) => job_id === jobId)

/** Announces the end of the batch, if the report is a manifest's and its last job has ended. */
const announceBatch = async (
  deps: NotifyDeps,
  key: string,
  report: ReadableRecord<IngestReport>,
  result: StoredResult | null,
  signal: AbortSignal,
): Promise<void> => {
  if (!isManifestReport(report.record)) return
  const ended = await followBatch(deps, report, result, signal)
  if (ended !== null) deps.onEvent({ type: 'announced', key, events: [ended] })
}

const announceResult = async (
  deps: NotifyDeps,
  key: string,
  stored: StoredResult,
  signal: AbortSignal,
): Promise<void> => {
  const { output } = deps
  const result: ResultRecord = stored.record
  const announceUpload = async (uploadKey: string): Promise<void> => {
    const report = await readReport(output, reportKey(uploadKey), signal)
    if (report === null) return
    const requests = requestsOf(report.record, result.job_id)
    if (requests.length === 0) return
    const events = requests.map((job) => requestEnded(report.record, job, result, output.bucket))
    await runAll(
      [() => announce(deps, key, events, signal), () => announceBatch(deps, key, report, stored, signal)],
      signal,
    )
  }
  const uploadKeys = await orderingUploads(output, result, signal)
  await runAll(
    [...uploadKeys].map((uploadKey) => () => announceUpload(uploadKey)),
    signal,
  )
}

const announceReport = async (deps: NotifyDeps, key: string, signal: AbortSignal): Promise<void> => {
  const { output } = deps
  const stored = await readReport(output, key, signal)
  if (stored === null) return
  const { record: report } = stored
  const announceRejected = async (): Promise<void> => {
    if (report.state === 'rejected' && !isManifestReport(report))
      await announce(deps, key, [uploadRejected(report, output.bucket)], signal)
  }
  const jobs = [...Map.groupBy(report.jobs, ({ job_id }) => job_id)]
  const announcePiece = async (start: number): Promise<void> => {
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
  const starts = jobs.map((_, place) => place).filter((place) => place % JOBS_PER_PIECE === 0)
  await runAll(
    [
      announceRejected,
      ...starts.map((start) => () => announcePiece(start)),
      () => announceBatch(deps, key, stored, null, signal),
    ],
    signal,
  )
}

/** Announces what an object of the output bucket means for requests. Other objects than results and reports mean nothing. */
export const announceObject = async (
  deps: NotifyDeps,
  { bucket, key }: UploadedObject,
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

import { createHash } from 'node:crypto'
import { IMAGES_PREFIX, MANIFESTS_PREFIX, reportKey } from '../contracts/bucket-layout.ts'
import {
  type AcceptedJob,
  type IngestFault,
  type IngestReport,
  SUPERSEDED_FIELD,
} from '../contracts/ingest-report.ts'
import type { BatchEnded, PipelineEvent, RequestEnded, UploadRejected } from '../contracts/pipeline-event.ts'
import type { RequestContext } from '../contracts/request-context.ts'
import { filesOfOutput, type ResultRecord, warningsOf } from '../contracts/result-record.ts'

/*
 * Events about an upload, made of its report and of results. Events with equal ids are equal. So an event has nothing of a
 * report that changes when ingest runs once more for the same upload, such as the time of the report.
 */

/** SNS takes 256 KiB: a list of causes is cut long before. */
const MAX_FAULTS = 10
const MAX_REASON_CHARACTERS = 2_000

/** 32 hexadecimal digits. */
const idOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

/** Fields that differ between two uploads of the same key. */
const identityOf = ({ bucket, key, version_id, etag, sequencer }: IngestReport): readonly unknown[] => [
  ...[bucket, key, version_id, etag],
  // A version is one upload. Its report may lack the sequencer, if a run for its sidecar came first.
  version_id === null ? sequencer : null,
]

export const isManifestReport = ({ key }: Pick<IngestReport, 'key'>): boolean =>
  key.startsWith(MANIFESTS_PREFIX)

const kindOf = ({ key }: IngestReport): PipelineEvent['upload']['kind'] =>
  key.startsWith(MANIFESTS_PREFIX) ? 'manifest' : key.startsWith(IMAGES_PREFIX) ? 'image' : 'other'

const uploadOf = (report: IngestReport): PipelineEvent['upload'] => ({
  kind: kindOf(report),
  bucket: report.bucket,
  key: report.key,
  version_id: report.version_id,
  etag: report.etag,
})

/** The context of an item, or else of its upload; `null`: neither has one. */
export const contextOf = ({ contexts = [] }: IngestReport, item: number | null): RequestContext | null =>
  (contexts.find((own) => own.item === item) ?? contexts.find((own) => own.item === null))?.context ?? null

const cut = (reason: string): string =>
  reason.length > MAX_REASON_CHARACTERS
    ? `${reason.slice(0, MAX_REASON_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…`
    : reason

/** The event of one request: `accepted` is an entry of `report`, and `result` that of its job. */
export const requestEnded = (
  report: IngestReport,
  accepted: AcceptedJob,
  result: ResultRecord,
  outputBucket: string,
): RequestEnded => {
  const { job_id, item, item_id, done_before } = accepted
  const { attempt, state, failure, outputs, started_at, finished_at } = result
  const context = contextOf(report, item)
  return {
    type: 'request.ended',
    version: 1,
    event_id: idOf(
      ...['request.ended', identityOf(report), item, job_id, attempt, finished_at, context, done_before],
    ),
    upload: uploadOf(report),
    ...{ item, item_id, context },
    source_key: accepted.image,
    done_before,
    ...{ job_id, attempt, state },
    failure: failure === null ? null : { class: failure.class, reason: cut(failure.reason) },
    warnings: warningsOf(result).map(cut),
    output_bucket: outputBucket,
    outputs: outputs.map((output) => ({
      video: output.video,
      poster: output.poster,
      files: [...filesOfOutput(output)],
      frames: output.frames,
    })),
    ...{ started_at, finished_at },
    device_seconds: result.device_seconds,
    cost_usd: result.cost_usd,
  }
}

const rejectedItems = (faults: readonly IngestFault[]): number =>
  new Set(faults.flatMap(({ item }) => item ?? [])).size

const costOf = (results: readonly EndedJob[]): number | null => {
  const costs = results.flatMap(({ cost_usd }) => cost_usd ?? [])
  return costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0)
}

/** The part of a result that the event of its batch needs. */
export type EndedJob = Pick<ResultRecord, 'job_id' | 'state' | 'attempt' | 'finished_at' | 'cost_usd'>

/** The event of a manifest whose jobs have all ended. `results`: one for each job of the report. */
export const batchEnded = (
  report: IngestReport,
  results: readonly EndedJob[],
  outputBucket: string,
): BatchEnded => {
  const doneBefore = new Set(report.jobs.flatMap((job) => (job.done_before ? [job.job_id] : [])))
  const count = (state: EndedJob['state']): number => results.filter((job) => job.state === state).length
  const context = contextOf(report, null)
  const ends = results.map(({ job_id, attempt, finished_at }) => [job_id, attempt, finished_at])
  const requests = report.jobs.map(({ job_id, item, done_before }) => [job_id, item, done_before])
  const finished = results.map(({ finished_at }) => finished_at).toSorted()
  return {
    type: 'batch.ended',
    version: 1,
    event_id: idOf('batch.ended', identityOf(report), requests, report.faults, context, ends),
    upload: uploadOf(report),
    context,
    output_bucket: outputBucket,
    report_key: reportKey(report.key),
    state: report.state,
    requests: report.jobs.length,
    jobs: { succeeded: count('succeeded'), failed: count('failed'), cancelled: count('cancelled') },
    jobs_done_before: doneBefore.size,
    rejected_items: rejectedItems(report.faults),
    faults: report.faults.slice(0, MAX_FAULTS),
    cost_usd: costOf(results.filter(({ job_id }) => !doneBefore.has(job_id))),
    finished_at: finished.at(-1) ?? null,
  }
}

/** The event of an upload that is not a manifest and of which nothing is made. */
export const uploadRejected = (report: IngestReport, outputBucket: string): UploadRejected => {
  const context = contextOf(report, null)
  // Ingest writes again what became of superseded jobs. Those are no reason for the rejection.
  const faults = report.faults.filter(({ field }) => field !== SUPERSEDED_FIELD)
  return {
    type: 'upload.rejected',
    version: 1,
    event_id: idOf('upload.rejected', identityOf(report), faults, context),
    upload: uploadOf(report),
    context,
    output_bucket: outputBucket,
    report_key: reportKey(report.key),
    faults: faults.slice(0, MAX_FAULTS),
  }
}

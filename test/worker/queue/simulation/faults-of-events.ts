import { isDeepStrictEqual } from 'node:util'
import { jobIdOfResult, REPORTS_PREFIX } from '../../../../shared/contracts/bucket-layout.ts'
import {
  type IngestReport,
  ingestReportSchema,
  SUPERSEDED_FIELD,
} from '../../../../shared/contracts/ingest-report.ts'
import type { BatchEnded, PipelineEvent, RequestEnded } from '../../../../shared/contracts/pipeline-event.ts'
import { type ResultRecord, resultRecordSchema } from '../../../../shared/contracts/result-record.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'

/* Compares the published events with the reports and results at the end, and with all earlier ones. */

export interface AnnouncedEvents {
  readonly store: MemoryObjectStore
  readonly published: readonly PipelineEvent[]
  /** Reports at the end, by the key of the upload. */
  readonly reports: ReadonlyMap<string, IngestReport>
  /** Results at the end. */
  readonly results: readonly ResultRecord[]
  /** Returns the context that was uploaded for a request. */
  readonly contextOf: (uploadKey: string, item: number | null) => unknown
}

type Request = IngestReport['jobs'][number]

const isManifest = ({ key }: Pick<IngestReport, 'key'>): boolean => key.startsWith('manifests/')

const isAboutUpload = ({ upload }: PipelineEvent, { key, etag, version_id }: IngestReport): boolean =>
  upload.key === key && upload.etag === etag && upload.version_id === version_id

const isAboutRequest = (event: RequestEnded, report: IngestReport, { job_id, item }: Request): boolean =>
  isAboutUpload(event, report) && event.job_id === job_id && event.item === item

const isAboutResult = (event: RequestEnded, result: ResultRecord): boolean =>
  isDeepStrictEqual(
    [event.job_id, event.attempt, event.state, event.started_at, event.finished_at, event.cost_usd],
    [result.job_id, result.attempt, result.state, result.started_at, result.finished_at, result.cost_usd],
  ) &&
  event.failure?.class === result.failure?.class &&
  isDeepStrictEqual(
    event.outputs.map(({ video, poster }) => [video, poster]),
    result.outputs.map(({ video, poster }) => [video, poster]),
  )

const requestsOf = (published: readonly PipelineEvent[]): readonly RequestEnded[] =>
  published.filter((event) => event.type === 'request.ended')

/** All records that were written, in the order of writing, also those that were replaced since. */
const parsedWrites = <T>(
  { writes }: MemoryObjectStore,
  isMeant: (key: string) => boolean,
  parse: (value: unknown) => T,
): readonly T[] =>
  writes
    .filter(({ key }) => isMeant(key))
    .map(({ bytes }) => parse(JSON.parse(new TextDecoder().decode(bytes))))

/** Faults of events that have the same id and differ. */
const faultsOfIds = ({ published }: AnnouncedEvents): readonly string[] =>
  [...Map.groupBy(published, ({ event_id }) => event_id)].flatMap(([id, [first, ...others]]) => {
    const other = others.find((one) => !isDeepStrictEqual(one, first))
    return other === undefined
      ? []
      : [`${id} is the id of different events: ${JSON.stringify([first, other])}`]
  })

/** Requests of the reports at the end that no event announced with the result at the end and their own context. */
const unannounced = ({ published, reports, results, contextOf }: AnnouncedEvents): readonly string[] => {
  const resultById = new Map(results.map((result) => [result.job_id, result]))
  const byJob = Map.groupBy(requestsOf(published), ({ job_id }) => job_id)
  return [...reports.values()].flatMap((report) =>
    report.jobs.flatMap((request) => {
      const result = resultById.get(request.job_id)
      const context = contextOf(report.key, request.item)
      const isHeard = byJob
        .get(request.job_id)
        ?.some(
          (event) =>
            isAboutRequest(event, report, request) &&
            event.source_key === request.image &&
            isDeepStrictEqual(event.context, context) &&
            result !== undefined &&
            isAboutResult(event, result),
        )
      return isHeard
        ? []
        : [`${report.key}, item ${request.item}: the end of ${request.job_id} was never announced`]
    }),
  )
}

/** Events without a report that named the request, or without a result that agrees with the event. */
const unfounded = ({ store, published, contextOf }: AnnouncedEvents): readonly string[] => {
  const reports = parsedWrites(
    store,
    (key) => key.startsWith(REPORTS_PREFIX),
    (value) => ingestReportSchema.parse(value),
  )
  const results = parsedWrites(
    store,
    (key) => jobIdOfResult(key) !== null,
    (value) => resultRecordSchema.parse(value),
  )
  return requestsOf(published).flatMap((event) => {
    const { upload, item, job_id, context } = event
    const name = `${upload.key}, item ${item}: the end of ${job_id} was announced`
    const named = reports.filter((report) => report.jobs.some((one) => isAboutRequest(event, report, one)))
    const isKnown = named.some(
      ({ contexts = [] }) =>
        isDeepStrictEqual(context, contexts.find((one) => one.item === item)?.context) ||
        isDeepStrictEqual(context, contexts.find((one) => one.item === null)?.context ?? null),
    )
    const ofManifest = upload.kind === 'manifest'
    return [
      ...(named.length === 0 ? [`${name}, and no report named that`] : []),
      ...(named.length > 0 && !isKnown ? [`${name} with a context that no report had`] : []),
      ...(ofManifest && !isDeepStrictEqual(context, contextOf(upload.key, item))
        ? [`${name} with another context`]
        : []),
      ...(results.some((result) => isAboutResult(event, result)) ? [] : [`${name}, and no result says so`]),
    ]
  })
}

const countsOf = (report: IngestReport, results: readonly ResultRecord[]): BatchEnded['jobs'] => {
  const jobIds = new Set(report.jobs.map(({ job_id }) => job_id))
  const ended = results.filter(({ job_id }) => jobIds.has(job_id))
  const count = (state: ResultRecord['state']): number => ended.filter((one) => one.state === state).length
  return { succeeded: count('succeeded'), failed: count('failed'), cancelled: count('cancelled') }
}

/** Manifests whose end was announced with wrong counts, not at all, or before all their jobs had a result. */
const faultsOfBatches = ({ published, reports, results }: AnnouncedEvents): readonly string[] =>
  [...reports.values()].filter(isManifest).flatMap((report) => {
    const heard = published.filter((event) => event.type === 'batch.ended' && isAboutUpload(event, report))
    const counts = countsOf(report, results)
    const jobs = new Set(report.jobs.map(({ job_id }) => job_id)).size
    const rejected = new Set(report.faults.flatMap(({ item }) => item ?? [])).size
    const isEnd = (event: PipelineEvent): boolean =>
      event.type === 'batch.ended' &&
      isDeepStrictEqual(event.jobs, counts) &&
      event.requests === report.jobs.length &&
      event.rejected_items === rejected
    const early = heard.filter(
      (event) =>
        event.type === 'batch.ended' &&
        event.jobs.succeeded + event.jobs.failed + event.jobs.cancelled !== jobs,
    )
    return [
      ...(heard.some(isEnd)
        ? []
        : [`${report.key}: its end with ${JSON.stringify(counts)} was never announced`]),
      ...early.map(({ event_id }) => `${report.key}: its end was announced too early, as ${event_id}`),
    ]
  })

/** The faults of a report without those of superseded jobs, which change while ingest decides about these jobs. */
const reasonsOf = ({ faults }: IngestReport) =>
  faults.filter(({ field }) => field !== SUPERSEDED_FIELD).slice(0, 10)

const faultsOfRejections = ({ published, reports, contextOf }: AnnouncedEvents): readonly string[] => {
  const heard = published.filter((event) => event.type === 'upload.rejected')
  const lacking = [...reports.values()]
    .filter((report) => report.state === 'rejected' && !isManifest(report))
    .filter(
      (report) =>
        !heard.some(
          (event) =>
            isAboutUpload(event, report) &&
            isDeepStrictEqual(event.faults, reasonsOf(report)) &&
            isDeepStrictEqual(event.context, contextOf(report.key, null)),
        ),
    )
  return lacking.map(({ key }) => `${key}: its rejection was never announced`)
}

/** Lists events that receivers lack or must not have. The list is empty if there are none. */
export const faultsOfEvents = (setup: AnnouncedEvents): readonly string[] => [
  ...faultsOfIds(setup),
  ...unannounced(setup),
  ...unfounded(setup),
  ...faultsOfBatches(setup),
  ...faultsOfRejections(setup),
]

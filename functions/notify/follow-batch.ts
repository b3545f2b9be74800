import { type BatchRecord, batchRecordSchema } from '../../shared/contracts/batch-record.ts'
import { batchKey, resultKey } from '../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { BatchEnded } from '../../shared/contracts/pipeline-event.ts'
import { encodeCompactRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { batchEnded, type EndedJob } from '../../shared/events/make-events.ts'
import { inLanes } from '../../shared/in-lanes.ts'
import { type ReadableRecord, readRecord, type StoredRecord } from '../../shared/records/read-record.ts'
import { readResult, type StoredResult } from '../../shared/records/read-result.ts'
import { REQUESTS_AT_ONCE } from '../object-events.ts'
import type { NotifyDeps } from './notify-deps.ts'

/*
 * When has the last job of a manifest ended? To look at all results whenever one is written would take n² requests. The
 * batch's record names one job that has no result instead, its watched job:
 *
 *   the result of another job    the batch has not ended, if the watched job has no result: two requests
 *   the result of that job       look backwards from it for the next job without a result, and watch that one
 *   there is none                read all results, publish the event, and note that it was announced
 *
 * Jobs are rendered about in their order, so the last one is watched first. A job whose result comes between the look at
 * it and the writing of the record would be watched in vain, so the look is repeated after the writing.
 * `svd redrive` takes results away. Reading all at the end finds those, and a result that is stored after the announcement
 * has the whole looked at again.
 */

/** Others write the record at the same moment only if several jobs end within milliseconds. */
const ATTEMPTS = 20

interface Batch {
  readonly deps: NotifyDeps
  readonly report: ReadableRecord<IngestReport>
  /** Each once, in the order of the report. */
  readonly jobIds: readonly string[]
  readonly signal: AbortSignal
}

type StoredBatch = StoredRecord<BatchRecord>

/** The record, if it is about this very report. */
const current = ({ report }: Batch, stored: StoredBatch | null): BatchRecord | null =>
  stored?.record?.report_etag === report.etag ? stored.record : null

/** Writes the record over the one that was read. False: another process was faster. */
const write = async (
  { deps, report, signal }: Batch,
  before: StoredBatch | null,
  { waits_for, announced }: Pick<BatchRecord, 'waits_for' | 'announced'>,
): Promise<boolean> => {
  const key = batchKey(report.record.key)
  const record: BatchRecord = {
    version: 1,
    key: report.record.key,
    report_etag: report.etag,
    ...{ waits_for, announced },
  }
  const body = encodeCompactRecord(record)
  return before === null
    ? await deps.output.create(key, body, RECORD_OPTIONS, signal)
    : (await deps.output.replace(key, before.etag, body, RECORD_OPTIONS, signal)) !== null
}

const hasResult = async ({ deps, signal }: Batch, jobId: string): Promise<boolean> =>
  (await deps.output.head(resultKey(jobId), signal)) !== null

/** The last job that has no result, of those up to `from`; `null`: all have one. */
const lastWithoutResult = async (batch: Batch, from: string | null): Promise<string | null> => {
  const last = from === null ? -1 : batch.jobIds.indexOf(from)
  let end = last === -1 ? batch.jobIds.length : last + 1
  // The first look is at one job: mostly it has none.
  for (let size = 1; end > 0; size = REQUESTS_AT_ONCE) {
    const piece = batch.jobIds.slice(Math.max(0, end - size), end)
    const found = await inLanes(piece, REQUESTS_AT_ONCE, (jobId) => hasResult(batch, jobId))
    const missing = found.lastIndexOf(false)
    if (missing !== -1) return piece[missing] ?? null
    end -= piece.length
  }
  return null
}

type AllResults =
  | { readonly missing: string }
  | { readonly missing: null; readonly ended: readonly EndedJob[]; readonly storedAt: number | null }

const readAll = async ({ deps, jobIds, signal }: Batch): Promise<AllResults> => {
  const results = await inLanes(jobIds, REQUESTS_AT_ONCE, async (jobId) => {
    const stored = await readResult(deps.output, jobId, signal)
    if (stored === null) return { missing: jobId }
    const { job_id, state, attempt, finished_at, cost_usd } = stored.record
    const ended: EndedJob = { job_id, state, attempt, finished_at, cost_usd }
    return { missing: null, ended, storedAt: stored.lastModified.getTime() }
  })
  const ended: EndedJob[] = []
  let storedAt: number | null = null
  for (const result of results) {
    if (result.missing !== null) return { missing: result.missing }
    ended.push(result.ended)
    storedAt = Math.max(storedAt ?? 0, result.storedAt)
  }
  return { missing: null, ended, storedAt }
}

/**
 * Whether a written result may end the batch. The watched job may have its result although its own event found another
 * job watched: then this look, or one that failed and comes again, is the last chance to find that out.
 */
const mayEnd = async (
  batch: Batch,
  record: BatchRecord,
  { record: { job_id }, lastModified }: StoredResult,
): Promise<boolean> => {
  if (record.waits_for !== null)
    return record.waits_for === job_id || (await hasResult(batch, record.waits_for))
  const storedAt = record.announced?.stored_at ?? null
  return storedAt === null || lastModified.getTime() >= Date.parse(storedAt)
}

/** One look at the batch. `again`: another process, or a result that came meanwhile, has changed what was found. */
const look = async (
  batch: Batch,
  stored: StoredBatch | null,
  from: string | null,
): Promise<BatchEnded | null | 'again'> => {
  const { deps, report, signal } = batch
  const announced = current(batch, stored)?.announced ?? null
  const watched = await lastWithoutResult(batch, from)
  const all: AllResults = watched === null ? await readAll(batch) : { missing: watched }
  if (all.missing !== null) {
    if (!(await write(batch, stored, { waits_for: all.missing, announced }))) return 'again'
    return (await hasResult(batch, all.missing)) ? 'again' : null
  }
  const event = batchEnded(report.record, all.ended, deps.output.bucket)
  const isNew = announced?.event_id !== event.event_id
  if (isNew) await deps.publish([event], signal)
  const stored_at = all.storedAt === null ? null : new Date(all.storedAt).toISOString()
  const end = { waits_for: null, announced: { event_id: event.event_id, stored_at } }
  if (!(await write(batch, stored, end))) return 'again'
  return isNew ? event : null
}

/**
 * Announces the end of a manifest's batch if all its jobs have a result. `result`: the one that was written; `null`: the
 * report was. Returns the event if it was published.
 */
export const followBatch = async (
  deps: NotifyDeps,
  report: ReadableRecord<IngestReport>,
  result: StoredResult | null,
  signal: AbortSignal,
): Promise<BatchEnded | null> => {
  const { output } = deps
  const jobIds = [...new Set(report.record.jobs.map(({ job_id }) => job_id))]
  const batch: Batch = { deps, report, jobIds, signal }
  let trigger = result
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await readRecord(output, batchKey(report.record.key), batchRecordSchema, signal)
    const record = current(batch, stored)
    if (record !== null && trigger !== null && !(await mayEnd(batch, record, trigger))) return null
    const outcome = await look(batch, stored, record?.waits_for ?? null)
    if (outcome !== 'again') return outcome
    trigger = null
  }
  throw new Error(`${batchKey(report.record.key)}: was written by others ${ATTEMPTS} times in a row`)
}

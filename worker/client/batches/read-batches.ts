import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import { type BatchCost, readBatchCost } from './batch-cost.ts'
import { batchSecondsLeft } from './batch-pace.ts'
import { findJobEnds, type JobEnd, lastTime } from './job-ends.ts'
import type { ListedBatch } from './list-batches.ts'

/** A batch and what has become of its jobs. */
export interface Batch extends ListedBatch {
  /** Count of the uploads whose reports were read: the newest. Counts are of these. */
  readonly uploadsRead: number
  /** Count of the items of a manifest, or of images. */
  readonly items: number
  /** Count of the items of which ingest made no job, because they have faults. */
  readonly rejectedItems: number
  /** Whether ingest rejected the manifest as a whole. */
  readonly isRejected: boolean
  /** Counts of jobs, each once. */
  readonly jobs: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Count of jobs that wait or that a worker has. */
  readonly left: number
  /** Count of jobs that had ended before the batch was uploaded. Its cost does not include theirs. */
  readonly endedBefore: number
  /** `null` if no cost is known. */
  readonly cost: BatchCost | null
  /** `null` if there is no pace. */
  readonly secondsLeft: number | null
  /** Time of the last end; `null` if jobs are left, or there are none. */
  readonly endedAt: Date | null
}

export interface ReadBatchesOptions {
  /** Most reports of a folder that are read, and most results of a batch. */
  readonly mostRead: { readonly reports: number; readonly results: number }
  readonly now: Date
}

const LANES = 16

interface ReportedBatch extends ListedBatch {
  readonly reports: readonly IngestReport[]
  /** Whether each job had ended before, by its id. */
  readonly jobs: ReadonlyMap<string, boolean>
}

const readReports = async (
  outputs: ObjectStore,
  batch: ListedBatch,
  mostReports: number,
  signal: AbortSignal,
): Promise<ReportedBatch> => {
  const read = await inLanes(batch.uploads.slice(0, mostReports), LANES, async (key) => {
    const stored = await readReadableRecord(outputs, reportKey(key), ingestReportSchema, signal)
    return stored?.record ?? null
  })
  const reports = read.filter((report) => report !== null)
  const jobs = new Map<string, boolean>()
  for (const report of reports)
    for (const { job_id, done_before } of report.jobs)
      jobs.set(job_id, done_before && (jobs.get(job_id) ?? true))
  return { ...batch, reports, jobs }
}

/** Items that have faults; an image is one item. */
const rejectedIn = ({ key, state, faults, jobs }: IngestReport): readonly string[] => {
  const made = new Set(jobs.map(({ item }) => item))
  const items = new Set(faults.map(({ item }) => item).filter((item) => !made.has(item)))
  if (state === 'rejected' && items.size === 0) return [key]
  return [...items].filter((item) => item !== null || state === 'rejected').map((item) => `${key} ${item}`)
}

const itemsIn = ({ key, jobs }: IngestReport): readonly string[] => jobs.map(({ item }) => `${key} ${item}`)

const withEnds = async (
  outputs: ObjectStore,
  { reports, jobs, ...batch }: ReportedBatch,
  ends: ReadonlyMap<string, JobEnd>,
  { mostRead, now }: ReadBatchesOptions,
  signal: AbortSignal,
): Promise<Batch> => {
  const ids = [...jobs.keys()]
  const found = ids.flatMap((jobId) => ends.get(jobId) ?? [])
  const count = (kind: JobEnd['kind']): number => found.filter((end) => end.kind === kind).length
  const own = ids.filter((jobId) => jobs.get(jobId) === false && ends.has(jobId))
  const ownTimes = own.flatMap((jobId) => ends.get(jobId)?.time ?? [])
  const left = ids.length - found.length
  const rejected = new Set(reports.flatMap(rejectedIn))
  return {
    ...batch,
    uploadsRead: reports.length,
    items: new Set([...reports.flatMap(itemsIn), ...rejected]).size,
    rejectedItems: rejected.size,
    isRejected: batch.kind === 'manifest' && reports.every(({ state }) => state === 'rejected'),
    jobs: ids.length,
    ...{ succeeded: count('succeeded'), failed: count('failed'), cancelled: count('cancelled'), left },
    endedBefore: [...jobs.values()].filter(Boolean).length,
    cost: await readBatchCost(outputs, own, mostRead.results, signal),
    secondsLeft: batchSecondsLeft(ownTimes, left, now),
    endedAt: left > 0 ? null : lastTime(found),
  }
}

/**
 * Reads what has become of batches: their reports, the ends of their jobs by the index, and some results for the cost.
 */
export const readBatches = async (
  outputs: ObjectStore,
  listed: readonly ListedBatch[],
  options: ReadBatchesOptions,
  signal: AbortSignal,
): Promise<readonly Batch[]> => {
  const batches: ReportedBatch[] = []
  // One after the other: a report of ten thousand jobs takes tens of megabytes while it is parsed.
  for (const batch of listed)
    batches.push(await readReports(outputs, batch, options.mostRead.reports, signal))
  const idsOf = (endedBefore: boolean): ReadonlySet<string> =>
    new Set(batches.flatMap(({ jobs }) => [...jobs.keys()].filter((id) => jobs.get(id) === endedBefore)))
  const times = batches.flatMap(({ reports }) => reports.map(({ reported_at }) => Date.parse(reported_at)))
  const openSince = new Date(times.reduce((least, time) => Math.min(least, time), options.now.getTime()))
  const asked = { open: idsOf(false), openSince, endedBefore: idsOf(true) }
  const ends = await findJobEnds(outputs, asked, signal)
  const read: Batch[] = []
  for (const batch of batches) read.push(await withEnds(outputs, batch, ends, options, signal))
  return read
}

import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { ENDED_KINDS, type EndedKind } from '../../../shared/contracts/index-entry.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import { listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

/** The end of a job: its state then, and its time. */
export interface JobEnd {
  readonly kind: EndedKind
  readonly time: Date
}

/** Time of the newest of these ends; `null` if there is none. */
export const lastTime = (ends: readonly JobEnd[]): Date | null =>
  ends.reduce<Date | null>((last, { time }) => (last === null || last < time ? time : last), null)

/** Jobs whose ends are asked for. */
export interface AskedEnds {
  /** Ids of jobs that had not ended when their batch was reported. */
  readonly open: ReadonlySet<string>
  /** Time of the oldest report on these. */
  readonly openSince: Date
  /** Ids of jobs that had ended before. */
  readonly endedBefore: ReadonlySet<string>
}

/** Ingest works at most so long on one upload, and a job may end before the report is written. */
const INGEST_MS = 15 * 60_000
/** Most jobs that ended before whose records are read one by one. For more, the whole index is listed. */
const MOST_READ = 200
const LANES = 16

/**
 * Finds the ends of jobs by the index, with one S3 request per 1,000 jobs that ended since the oldest report. A job
 * that is not in the result has not ended. One that ended twice, because it was brought back, has its newest end.
 */
export const findJobEnds = async (
  outputs: ObjectStore,
  { open, openSince, endedBefore }: AskedEnds,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, JobEnd>> => {
  const ends = new Map<string, JobEnd>()
  const listsAll = endedBefore.size > MOST_READ
  const since = listsAll ? null : new Date(openSince.getTime() - INGEST_MS)
  for (const kind of ENDED_KINDS) {
    for await (const { jobId, time } of listEntries(outputs, kind, signal, { since, until: null })) {
      if (jobId === null || !(open.has(jobId) || endedBefore.has(jobId))) continue
      const known = ends.get(jobId)
      if (known === undefined || known.time < time) ends.set(jobId, { kind, time })
    }
  }
  if (listsAll) return ends
  const missing = [...endedBefore].filter((jobId) => !ends.has(jobId))
  await inLanes(missing, LANES, async (jobId) => {
    const stored = await readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal)
    if (stored === null) return
    const { state, finished_at } = stored.record
    ends.set(jobId, { kind: state, time: new Date(finished_at) })
  })
  return ends
}

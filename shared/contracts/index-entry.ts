import { createHash } from 'node:crypto'
import { INDEX_PREFIX } from './bucket-layout.ts'
import { RESULT_STATES } from './result-record.ts'

/*
 * The index: what happened to jobs, an object for each event, so that a page of jobs needs no listing of all records. The
 * names of the newest come first, because a name begins with the time that is left until the last one that fits.
 *
 *   index/queued/TIME-ID                 ingest queued the job ID for the first time
 *   index/queued/TIME-DIGEST-100.json    the same of 100 jobs, whose ids are in the object
 *   index/changed/TIME-ID                a worker has had it for some seconds, or `svd redrive` brought it back
 *   index/succeeded/TIME-ID              its result record says so, and TIME is that record's `finished_at`;
 *   index/failed/TIME-ID                 `svd redrive` deletes the entry together with the record
 *   index/cancelled/TIME-ID
 *   index/rejected/TIME-DIGEST           the newest report on an upload says so. TIME is its `reported_at`, DIGEST is of
 *   index/partly/TIME-DIGEST             the upload's key, which is in the object
 *
 * A job may have two entries of a kind where a process ended between two steps. One whose message another program sent has
 * none until a worker begins it. Records alone decide.
 */

export const ENDED_KINDS = RESULT_STATES
/** Kinds whose jobs are counted. */
export const COUNTED_KINDS = ['queued', ...ENDED_KINDS] as const
export const INDEX_KINDS = [...COUNTED_KINDS, 'changed'] as const

/** Kinds of entries about uploads. */
export const UPLOAD_KINDS = ['rejected', 'partly'] as const

export type EndedKind = (typeof ENDED_KINDS)[number]
export type CountedKind = (typeof COUNTED_KINDS)[number]
export type UploadKind = (typeof UPLOAD_KINDS)[number]
/** Kinds of entries about jobs. */
export type IndexKind = (typeof INDEX_KINDS)[number]
export type EntryKind = IndexKind | UploadKind

/** One object of the index. */
export interface IndexEntry<Kind extends EntryKind = IndexKind> {
  readonly kind: Kind
  readonly key: string
  readonly time: Date
  /** Count of jobs that the entry is about. */
  readonly jobs: number
  /** Id of the job, or digest of an upload's key; `null` for several jobs, whose ids are in the object. */
  readonly jobId: string | null
  /** Digest of several jobs' ids; `null` for one job. Entries with one digest are about the same jobs. */
  readonly digest: string | null
}

/** 13 digits: until the year 2286. */
const LAST_TIME_MS = 9_999_999_999_999

export const indexFolder = (kind: EntryKind): string => `${INDEX_PREFIX}${kind}/`

/** All that happened at that moment or before is under keys that begin with this, or beyond it. */
const keyOfTime = (kind: EntryKind, time: Date): string =>
  `${indexFolder(kind)}${String(LAST_TIME_MS - time.getTime()).padStart(13, '0')}`

export const entryKey = (kind: EntryKind, time: Date, jobId: string): string =>
  `${keyOfTime(kind, time)}-${jobId}`

export const uploadEntryKey = (kind: UploadKind, time: Date, inputKey: string): string =>
  entryKey(kind, time, createHash('sha256').update(inputKey).digest('hex').slice(0, 32))

/** `digest`: 32 hexadecimal digits of the jobs' ids. */
export const entryKeyOfSeveral = (time: Date, digest: string, jobs: number): string =>
  `${keyOfTime('queued', time)}-${digest}-${jobs}.json`

/** A key that comes after those of `time` and later, and before those of earlier times. */
export const keyBefore = (kind: EntryKind, time: Date): string => `${keyOfTime(kind, time)}~`

const NAME = /^(\d{13})-([0-9a-f]{32})(?:-(\d{1,6})\.json)?$/

/** Reads an entry from its key; `null` if the key is not that of an entry of this kind. */
export const parseEntryKey = <Kind extends EntryKind>(kind: Kind, key: string): IndexEntry<Kind> | null => {
  const [, left, id, jobs] = NAME.exec(key.slice(indexFolder(kind).length)) ?? []
  if (left === undefined || id === undefined) return null
  const time = new Date(LAST_TIME_MS - Number(left))
  return jobs === undefined
    ? { kind, key, time, jobs: 1, jobId: id, digest: null }
    : { kind, key, time, jobs: Number(jobs), jobId: null, digest: id }
}

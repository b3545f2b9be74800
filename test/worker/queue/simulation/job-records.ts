import { jobIdOfResult, REPORTS_PREFIX, resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../../../shared/contracts/ingest-report.ts'
import {
  type ResultRecord,
  resultRecordSchema,
  warningsOf,
} from '../../../../shared/contracts/result-record.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import type { JobKind } from './simulated-renderer.ts'
import { faultsOfFiles } from './watched-store.ts'

/* What the output bucket says when all is over. */

const parsedAt = (store: MemoryObjectStore, key: string): unknown => {
  const written = store.writes.findLast((object) => object.key === key)
  return written === undefined ? null : JSON.parse(new TextDecoder().decode(written.bytes))
}

const recordOf = (store: MemoryObjectStore, jobId: string): ResultRecord | null => {
  const parsed = parsedAt(store, resultKey(jobId))
  return parsed === null ? null : resultRecordSchema.parse(parsed)
}

/** All results in the store. */
export const recordsIn = (store: MemoryObjectStore): readonly ResultRecord[] =>
  store.keys().flatMap((key) => recordOf(store, jobIdOfResult(key) ?? '') ?? [])

/** Reports on uploaded objects, by their key. */
export const reportsIn = (store: MemoryObjectStore): ReadonlyMap<string, IngestReport> =>
  new Map(
    store
      .keys()
      .filter((key) => key.startsWith(REPORTS_PREFIX) && !key.startsWith(`${REPORTS_PREFIX}messages/`))
      .map((key) => ingestReportSchema.parse(parsedAt(store, key)))
      .map((report) => [report.key, report]),
  )

export interface ExpectedJob {
  readonly kind: JobKind
  /** Whether a cancel request came before the job was submitted. */
  readonly stoppedBefore: boolean
}

/** Faults of the record of a job that was accepted; empty if there are none. */
export const faultsOfJob = async (
  store: MemoryObjectStore,
  jobId: string,
  { kind, stoppedBefore }: ExpectedJob,
): Promise<readonly string[]> => {
  const record = recordOf(store, jobId)
  if (record === null) return [`${jobId} has no record`]
  const { state, failure, safer_path, outputs, job } = record
  const videos = state === 'succeeded' ? job.parameters.num_videos_per_prompt : 0
  const wrong: readonly (readonly [boolean, string])[] = [
    [outputs.length !== videos, `${state} with ${outputs.length} outputs`],
    [stoppedBefore && state === 'succeeded', 'was to be stopped before it began, and succeeded'],
    [kind === 'bad-image' && state === 'succeeded', 'has no image, and succeeded'],
    [kind === 'bad-clip' && state === 'succeeded', 'did not pass its checks, and succeeded'],
    [kind === 'warned' && safer_path, 'has warnings alone, and was made with the fallback decode'],
    [
      kind === 'warned' && state === 'succeeded' && warningsOf(record).length === 0,
      'has warnings, and succeeded without them',
    ],
    [kind === 'bad-seams' && state === 'succeeded' && !safer_path, 'has seams, and succeeded'],
    [kind === 'poison' && state === 'succeeded', 'takes its worker down, and succeeded'],
    [kind !== 'bad-image' && failure?.class === 'invalid-input', 'has a image, and was refused'],
    [kind !== 'bad-clip' && failure?.class === 'quality', 'is good, and did not pass'],
  ]
  const found = [
    ...wrong.flatMap(([isSo, what]) => (isSo ? [what] : [])),
    ...(await faultsOfFiles(store, record)),
  ]
  return found.map((what) => `${jobId} ${what}`)
}

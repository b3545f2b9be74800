import { failureKey, jobFolder } from '../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from '../tracking/read-record.ts'

const archiveOf = (jobId: string): string => `${jobFolder(jobId)}failures/`

const MAX_RECORD_BYTES = 64 * 2 ** 20
/** Another redrive may take a number at the same moment; more than that is no accident. */
const ATTEMPTS = 5

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/**
 * Keeps a job's result under the next free number in its folder of failures. One that is there already is not kept
 * twice: an earlier redrive stopped after this step.
 */
export const archiveResult = async (
  outputs: ObjectStore,
  jobId: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let count = 0
    for await (const { key, sizeBytes } of outputs.list(archiveOf(jobId), signal)) {
      count += 1
      if (sizeBytes !== bytes.length) continue
      const stored = await outputs.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
      if (stored !== null && sameBytes(stored.bytes, bytes)) return
    }
    const key = failureKey(jobId, count + 1)
    if (await outputs.create(key, bytes, { contentType: 'application/json' }, signal)) return
  }
  throw new Error(`${archiveOf(jobId)}: others write there at the same time; try again`)
}

/** The newest, or null. */
export const lastArchivedResult = async (
  outputs: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<ResultRecord | null> => {
  let last: string | undefined
  for await (const { key } of outputs.list(archiveOf(jobId), signal)) last = key
  if (last === undefined) return null
  return (await readRecord(outputs, last, resultRecordSchema, signal))?.record ?? null
}

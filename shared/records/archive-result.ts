import { failureKey, failuresFolder } from '../contracts/bucket-layout.ts'
import { RECORD_OPTIONS } from '../contracts/record-bytes.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { MAX_RECORD_BYTES } from './read-record.ts'

/** Another process may take a number at the same moment; more than that is no accident. */
const ATTEMPTS = 5

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/**
 * Keeps a job's result under the next free number in its folder of failures, before it is deleted so that the job can be
 * rendered again. One that is there already is not kept twice: an earlier call stopped after this step.
 */
export const archiveResult = async (
  outputs: ObjectStore,
  jobId: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let count = 0
    for await (const { key, sizeBytes } of outputs.list(failuresFolder(jobId), signal)) {
      count += 1
      if (sizeBytes !== bytes.length) continue
      const stored = await outputs.read(key, { maxBytes: MAX_RECORD_BYTES }, signal)
      if (stored !== null && sameBytes(stored.bytes, bytes)) return
    }
    const key = failureKey(jobId, count + 1)
    if (await outputs.create(key, bytes, RECORD_OPTIONS, signal)) return
  }
  throw new Error(`${failuresFolder(jobId)}: others write there at the same time; try again`)
}

import { createHash } from 'node:crypto'
import { JOBS_PREFIX, jobIdOfResult } from '../../../../shared/contracts/bucket-layout.ts'
import { resultRecordSchema, type StoredFile } from '../../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'

/**
 * The store, with an eye on what no write may do at any time:
 * - nothing under `jobs/` is written twice,
 * - a record's outputs are there, as it says,
 * - nothing is added to a job that succeeded. (What is on its way when a job fails or is cancelled may still arrive.)
 */
export const watchStore = (store: MemoryObjectStore, violate: (what: string) => void): ObjectStore => {
  const written = new Set<string>()
  const succeeded = new Set<string>()
  const never = new AbortController().signal

  const checkFile = async (recordKey: string, { key, sha256, size_bytes }: StoredFile): Promise<void> => {
    const object = await store.read(key, { maxBytes: Number.MAX_SAFE_INTEGER }, never)
    if (object === null) return violate(`${recordKey} names ${key}, which is not there`)
    const actual = createHash('sha256').update(object.bytes).digest('hex')
    if (actual !== sha256 || object.sizeBytes !== size_bytes) violate(`${recordKey} does not describe ${key}`)
  }

  const checkWrite = async (key: string): Promise<void> => {
    if (!key.startsWith(JOBS_PREFIX)) return
    if (written.has(key)) violate(`${key} was written twice`)
    if (succeeded.has(key.split('/')[1] ?? '')) violate(`${key} was written after its job's record`)
    written.add(key)
    const jobId = jobIdOfResult(key)
    if (jobId === null) return
    const { bytes } = (await store.read(key, { maxBytes: Number.MAX_SAFE_INTEGER }, never))!
    const record = resultRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    if (record.state === 'succeeded') succeeded.add(jobId)
    for (const { video, poster } of record.outputs) {
      await checkFile(key, video)
      await checkFile(key, poster)
    }
  }

  return {
    ...store,
    async create(key, body, options, signal) {
      const created = await store.create(key, body, options, signal)
      if (created) await checkWrite(key)
      return created
    },
    async put(key, body, options, signal) {
      const etag = await store.put(key, body, options, signal)
      await checkWrite(key)
      return etag
    },
    async replace(key, etag, body, options, signal) {
      const replaced = await store.replace(key, etag, body, options, signal)
      if (replaced !== null) await checkWrite(key)
      return replaced
    },
  }
}

import { createHash } from 'node:crypto'
import {
  JOBS_PREFIX,
  jobFolder,
  jobIdOfResult,
  REJECTED_TAG,
  rejectedFolder,
} from '../../../../shared/contracts/bucket-layout.ts'
import {
  type JobOutput,
  type ResultRecord,
  resultRecordSchema,
  type StoredFile,
} from '../../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { type ClipFile, parseClipFile } from './clip-file.ts'

const EVERYTHING = { maxBytes: Number.MAX_SAFE_INTEGER }
const never = new AbortController().signal
const REJECTED_KEY = /^jobs\/[^/]+\/rejected\//
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

type NamedVideo = Pick<JobOutput, 'video' | 'poster'>

interface ExpectedClip extends Pick<ClipFile, 'worker' | 'path' | 'isBad'> {
  /** The folder in which its files have to be. */
  readonly folder: string
}

/** Faults of files that do not exist with the size and SHA-256 of the record, or are not of the expected clip. */
const faultsOfClip = async (
  store: Pick<ObjectStore, 'read'>,
  videos: readonly NamedVideo[],
  { folder, worker, path, isBad }: ExpectedClip,
): Promise<readonly string[]> => {
  const faults: string[] = []
  const clips = new Set<string>()
  const checkFile = async (
    { key, sha256, size_bytes }: StoredFile,
    expected: Pick<ClipFile, 'kind' | 'index'>,
  ): Promise<void> => {
    if (!key.startsWith(folder)) faults.push(`names ${key}, which is not under ${folder}`)
    const object = await store.read(key, EVERYTHING, never)
    if (object === null) return void faults.push(`names ${key}, which is not there`)
    const actual = createHash('sha256').update(object.bytes).digest('hex')
    if (actual !== sha256 || object.sizeBytes !== size_bytes) faults.push(`does not describe ${key}`)
    const file = parseClipFile(textOf(object.bytes))
    clips.add(file.clip)
    if (file.kind !== expected.kind || file.index !== expected.index)
      faults.push(`has ${file.kind} ${file.index} as ${expected.kind} ${expected.index}`)
    if (file.worker !== worker) faults.push(`is by ${worker}, and ${key} by ${file.worker}`)
    if (file.path !== path) faults.push(`has ${key} from the path ${file.path}`)
    if (file.isBad !== isBad) faults.push(`has ${key} of a clip that ${isBad ? 'passed' : 'was rejected'}`)
  }
  for (const [index, { video, poster }] of videos.entries()) {
    await checkFile(video, { kind: 'video', index })
    await checkFile(poster, { kind: 'poster', index })
  }
  if (clips.size > 1) faults.push(`mixes the clips ${[...clips].join(' and ')}`)
  return faults
}

/**
 * Faults of the files that a record names. Its outputs have to be of one good clip by the worker of the record. Its
 * rejected videos have to be of one bad clip for each attempt, made with the fallback decode. No two simulated clips
 * have the same bytes, so that a file of another attempt is found.
 */
export const faultsOfFiles = async (
  store: Pick<ObjectStore, 'read'>,
  { job_id, outputs, failure, worker, safer_path }: ResultRecord,
): Promise<readonly string[]> => {
  const faults = await faultsOfClip(store, outputs, {
    ...{ folder: `${jobFolder(job_id)}attempts/`, worker: worker.id, isBad: false },
    path: safer_path ? 'fallback-decode' : 'as-asked',
  })
  const attempts = Map.groupBy(failure?.rejected ?? [], ({ attempt_id }) => attempt_id)
  const ofRejected = [...attempts].map(([id, videos]) =>
    faultsOfClip(store, videos, {
      ...{ folder: `${rejectedFolder(job_id)}${id}/`, worker: videos[0]!.worker_id },
      ...{ path: 'fallback-decode', isBad: true },
    }),
  )
  return [faults, ...(await Promise.all(ofRejected))].flat()
}

/**
 * A store that checks at each write and deletion:
 * - No key under `jobs/` gets other bytes. No two clips have the same bytes, so equal bytes are of a repeated request.
 * - The outputs of a record exist as it describes them and are of one attempt. The same holds for its rejected
 *   videos of each attempt.
 * - Rejected videos have the tag by which they expire, and no other object has it.
 * - A file that a record names is never written again or deleted.
 * - Only records of cancelled jobs, and of failed jobs that are redriven, are deleted.
 */
export const watchStore = (
  store: MemoryObjectStore,
  violate: (what: string) => void,
  onRecord: (record: ResultRecord) => void = () => {},
  mayBringBack: (jobId: string) => boolean = () => false,
): ObjectStore => {
  const written = new Map<string, string>()
  /** The keys that records name. */
  const published = new Set<string>()

  const checkWrite = async (key: string): Promise<void> => {
    if (!key.startsWith(JOBS_PREFIX)) return
    const { bytes } = (await store.read(key, EVERYTHING, never))!
    const text = textOf(bytes)
    const isRepeated = written.get(key) === text
    if (written.has(key) && !isRepeated) violate(`${key} was written twice`)
    if (published.has(key) && !isRepeated) violate(`${key} was written after a record named it`)
    written.set(key, text)
    const isTagged = store.tagsOf(key)[REJECTED_TAG.name] === REJECTED_TAG.value
    if (isTagged !== REJECTED_KEY.test(key)) violate(`${key} ${isTagged ? 'expires' : 'never expires'}`)
    if (jobIdOfResult(key) === null) return
    const record = resultRecordSchema.parse(JSON.parse(text))
    for (const { video, poster } of [...record.outputs, ...(record.failure?.rejected ?? [])]) {
      published.add(video.key)
      published.add(poster.key)
    }
    onRecord(record)
    for (const fault of await faultsOfFiles(store, record)) violate(`${key} ${fault}`)
  }

  const mayBeDeleted = ({ job_id, state }: ResultRecord): boolean =>
    state === 'cancelled' || (state === 'failed' && mayBringBack(job_id))

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
    async delete(key, signal) {
      if (published.has(key)) violate(`${key} was deleted after a record named it`)
      const text = jobIdOfResult(key) === null ? undefined : written.get(key)
      if (text !== undefined && !mayBeDeleted(resultRecordSchema.parse(JSON.parse(text))))
        violate(`${key} was deleted, and its job was not cancelled or brought back`)
      // The job was ordered again and gets another record.
      if (text !== undefined) written.delete(key)
      await store.delete(key, signal)
    },
  }
}

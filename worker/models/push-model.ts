import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { modelFolder, modelRecordKey } from '../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ModelFile, ModelRecord } from '../../shared/contracts/model-record.ts'
import { RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readModelRecord } from '../../shared/records/read-model-record.ts'
import { type OnModelProgress, openByteCount } from './model-progress.ts'

export interface PushOptions {
  readonly onProgress?: OnModelProgress
}

/** A store tells no SHA-256 of what it has; the pusher leaves it beside the bytes. */
const SHA256_NAME = 'sha256'

const typeOf = (path: string): string =>
  path.endsWith('.json') ? 'application/json' : 'application/octet-stream'

const taken = (store: ObjectStore, modelId: string, what: string): InvalidInputError =>
  new InvalidInputError(
    'model id',
    `${modelId}: s3://${store.bucket}/${what} is there already with other content; ` +
      'models are never changed: choose another id',
  )

/** Whether what is there is this file, from an earlier push that did not get to its end. */
const isThere = async (
  store: ObjectStore,
  key: string,
  file: ModelFile,
  signal: AbortSignal,
): Promise<boolean> => {
  const found = await store.head(key, signal)
  return found?.sizeBytes === file.size_bytes && found.metadata[SHA256_NAME] === file.sha256
}

const pushFile = async (
  dir: string,
  store: ObjectStore,
  { modelId, file }: { readonly modelId: string; readonly file: ModelFile },
  signal: AbortSignal,
): Promise<void> => {
  const key = `${modelFolder(modelId)}${file.path}`
  if (await isThere(store, key, file, signal)) return
  const body = { path: join(dir, file.path), sizeBytes: file.size_bytes }
  const options = {
    contentType: typeOf(file.path),
    metadata: { [SHA256_NAME]: file.sha256 },
    sha256: file.sha256,
  }
  if (await store.create(key, body, options, signal)) return
  if (!(await isThere(store, key, file, signal))) throw taken(store, modelId, key)
}

/**
 * Uploads the files of a checkpoint that `describeModel` described, and last its record: a model with a record is
 * whole. A push that was interrupted goes on where it was; one that was done does nothing. False: it was done before.
 * Throws InvalidInputError if the id has other content.
 */
export const pushModel = async (
  dir: string,
  record: ModelRecord,
  store: ObjectStore,
  { onProgress = () => {} }: PushOptions,
  signal: AbortSignal,
): Promise<boolean> => {
  const { model_id: modelId, files } = record
  const root = await realpath(dir)
  const before = await readModelRecord(store, modelId, signal)
  if (before?.sha256 === record.sha256) return false
  if (before !== null) throw taken(store, modelId, modelRecordKey(modelId))
  const count = openByteCount(
    'push',
    files.reduce((total, { size_bytes }) => total + size_bytes, 0),
    onProgress,
  )
  for (const file of files) {
    await pushFile(root, store, { modelId, file }, signal)
    count(file.size_bytes)
  }
  const bytes = Buffer.from(`${JSON.stringify(record, null, 2)}\n`)
  if (await store.create(modelRecordKey(modelId), bytes, RECORD_OPTIONS, signal)) return true
  const now = await readModelRecord(store, modelId, signal)
  if (now?.sha256 !== record.sha256) throw taken(store, modelId, modelRecordKey(modelId))
  return false
}

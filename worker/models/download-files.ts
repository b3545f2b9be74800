import path from 'node:path'
import { modelFolder } from '../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ModelFile } from '../../shared/contracts/model-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { inOrder } from './in-order.ts'
import { openPartialFile, type PartialFile, partialBytes } from './partial-file.ts'

/**
 * Byte count of a part, which is one request. A thousand machines that start at once make some 5,000 requests a
 * second, and S3 allows 5,500 to one prefix. Several parts fit in memory.
 */
export const DOWNLOAD_PART_BYTES = 64 * 2 ** 20
/** One connection to S3 gives some 90 MB/s: eight fill the network of most machines. */
const PARALLEL_PARTS = 8

/** A file in the bucket that is as long as it should be. */
export interface RemoteFile {
  readonly file: ModelFile
  readonly key: string
  readonly etag: string
}

interface Part extends RemoteFile {
  readonly start: number
  readonly end: number
  /** Byte count of the file that was there before the download. */
  readonly keptBytes: number
}

/** Checks whether all files are in the bucket. Throws InvalidInputError that names the first that is not. */
export const findRemoteFiles = async (
  store: ObjectStore,
  modelId: string,
  files: readonly ModelFile[],
  signal: AbortSignal,
): Promise<readonly RemoteFile[]> => {
  const remote: RemoteFile[] = []
  const head = (file: ModelFile, either: AbortSignal) =>
    store.head(`${modelFolder(modelId)}${file.path}`, either)
  for await (const { task: file, result } of inOrder(files, head, { parallel: PARALLEL_PARTS, signal })) {
    const key = `${modelFolder(modelId)}${file.path}`
    const name = `s3://${store.bucket}/${key}`
    if (result === null) {
      throw new InvalidInputError(name, 'is not there, though model.json lists it; push the model again')
    }
    if (result.sizeBytes !== file.size_bytes) {
      throw new InvalidInputError(
        name,
        `has ${result.sizeBytes} bytes, and by model.json ${file.size_bytes}; push the model under another id`,
      )
    }
    remote.push({ file, key, etag: result.etag })
  }
  return remote
}

/** Byte counts, by path, of the files that an interrupted fetch has left in `dir`. */
export const bytesKept = async (
  dir: string,
  files: readonly ModelFile[],
): Promise<ReadonlyMap<string, number>> =>
  new Map(
    await Promise.all(
      files.map(
        async (file): Promise<[string, number]> => [
          file.path,
          await partialBytes(path.join(dir, file.path), file.size_bytes),
        ],
      ),
    ),
  )

/** Parts of files. Each file has at least one, which may be empty, because a file's last part finishes it. */
function* partsOf(
  files: readonly RemoteFile[],
  { kept, partBytes }: Pick<ModelDownloadOptions, 'kept' | 'partBytes'>,
): Generator<Part> {
  for (const remote of files) {
    const { path: name, size_bytes: size } = remote.file
    const keptBytes = kept.get(name) ?? 0
    let start = keptBytes
    do {
      const end = Math.min(size, start + partBytes)
      yield { ...remote, start, end, keptBytes }
      start = end
    } while (start < size)
  }
}

const wrongBytes = (
  store: ObjectStore,
  key: string,
  actual: string,
  { sha256 }: ModelFile,
): InvalidInputError =>
  new InvalidInputError(
    `s3://${store.bucket}/${key}`,
    `its SHA-256 is ${actual}, and by model.json ${sha256}; push the model under another id`,
  )

export interface ModelDownloadOptions {
  readonly dir: string
  readonly kept: ReadonlyMap<string, number>
  /** Most bytes of one request. */
  readonly partBytes: number
  readonly onBytes: (sizeBytes: number) => void
}

/**
 * Fetches the files into `dir`, each in parts that come at the same time and are written and hashed in order. A file
 * appears under its name when it is whole and its SHA-256 right; what is there of others stays for the next try.
 * Throws InvalidInputError for bytes that are not those of the record, and ObjectChangedError for a file that is
 * replaced meanwhile.
 */
export const downloadFiles = async (
  store: ObjectStore,
  files: readonly RemoteFile[],
  options: ModelDownloadOptions,
  signal: AbortSignal,
): Promise<void> => {
  const read = async ({ key, etag, start, end }: Part, either: AbortSignal): Promise<Uint8Array> =>
    end === start ? new Uint8Array() : await store.readRange(key, { start, end, etag }, either)
  const { dir, onBytes } = options
  const again: RemoteFile[] = []
  let open: PartialFile | null = null
  try {
    for await (const { task, result } of inOrder(partsOf(files, options), read, {
      parallel: PARALLEL_PARTS,
      signal,
    })) {
      const { file, key, keptBytes } = task
      open ??= await openPartialFile(path.join(dir, file.path), keptBytes)
      await open.append(result)
      onBytes(result.length)
      if (task.end < file.size_bytes) continue
      const actual = await open.finish(file.sha256)
      open = null
      if (actual === null) continue
      if (keptBytes === 0) throw wrongBytes(store, key, actual, file)
      // What an earlier process left may have been half written, or of another content.
      onBytes(-file.size_bytes)
      again.push(task)
    }
  } finally {
    await open?.[Symbol.asyncDispose]()
  }
  if (again.length > 0) await downloadFiles(store, again, { ...options, kept: new Map() }, signal)
}

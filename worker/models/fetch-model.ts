import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ModelFile, ModelRecord } from '../../shared/contracts/model-record.ts'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { formatBytes } from '../../shared/size-text.ts'
import { filesToFetch } from './cached-files.ts'
import { bytesKept, downloadFiles, findRemoteFiles } from './download-files.ts'
import { withFolderLock } from './folder-lock.ts'
import { type OnModelProgress, openByteCount } from './model-progress.ts'

export interface FetchOptions {
  /** Models lie in `models/` under it. */
  readonly cacheDir: string
  /** Properties that are checked of files that are there already. Fetched files are always hashed. */
  readonly verify: 'hashes' | 'sizes'
  readonly onProgress: OnModelProgress
  readonly freeDiskBytes: (folder: string) => Promise<number>
  /** Most bytes of one request. */
  readonly partBytes: number
}

/** Free space that is left for clips and for other processes. */
const SPARE_BYTES = 500e6

const bytesOf = (files: readonly ModelFile[]): number =>
  files.reduce((total, { size_bytes }) => total + size_bytes, 0)

const assertSpace = async (
  folder: string,
  neededBytes: number,
  freeDiskBytes: FetchOptions['freeDiskBytes'],
): Promise<void> => {
  const free = await freeDiskBytes(folder)
  if (free >= neededBytes + SPARE_BYTES) return
  throw new Error(
    `${folder}: the model needs ${formatBytes(neededBytes)} and ${formatBytes(SPARE_BYTES)} beside it, ` +
      `and ${formatBytes(free)} are free; free some space, or set SVD_CACHE_DIR to a folder on a larger disk`,
  )
}

const download = async (
  store: ObjectStore,
  record: ModelRecord,
  dir: string,
  files: readonly ModelFile[],
  options: FetchOptions,
  signal: AbortSignal,
): Promise<void> => {
  const remote = await findRemoteFiles(store, record.model_id, files, signal)
  const kept = await bytesKept(dir, files)
  const keptBytes = [...kept.values()].reduce((total, bytes) => total + bytes, 0)
  await assertSpace(dir, bytesOf(files) - keptBytes, options.freeDiskBytes)
  const onBytes = openByteCount('fetch', bytesOf(files), options.onProgress)
  onBytes(keptBytes)
  const { partBytes } = options
  await downloadFiles(store, remote, { dir, kept, partBytes, onBytes }, signal)
  const text = `${JSON.stringify(record, null, 2)}\n`
  await writeThenRename(path.join(dir, 'model.json'), (temporary) => writeFile(temporary, text))
}

/**
 * Fetches the files of a model that are missing or damaged on this machine, and returns their folder. The record's
 * hash is its name, so models of one name and other content lie side by side. Of several processes that share the disk,
 * one fetches and the others wait for it.
 */
export const fetchModel = async (
  store: ObjectStore,
  record: ModelRecord,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<string> => {
  const dir = path.join(options.cacheDir, 'models', record.sha256)
  const missing = await filesToFetch(dir, record.files, options, signal)
  if (missing.length === 0) return dir
  const onWait = (): void => options.onProgress({ phase: 'wait', doneBytes: 0, totalBytes: bytesOf(missing) })
  await withFolderLock(`${dir}.lock`, { onWait, signal }, async (either) => {
    // Another process may have fetched them in the meantime.
    const stillMissing = await filesToFetch(dir, missing, { ...options, verify: 'hashes' }, either)
    if (stillMissing.length > 0) await download(store, record, dir, stillMissing, options, either)
  })
  return dir
}

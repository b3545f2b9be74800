import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { StoredFile } from '../../../shared/contracts/result-record.ts'
import { makeFolders } from '../../../shared/files/make-folders.ts'
import { partialName } from '../../../shared/files/partial-name.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

const CHUNK_BYTES = 8 * 2 ** 20

/** An object is missing, or has other bytes than its record says. A caller goes on with other files. */
export class StoredFileError extends Error {
  override readonly name = 'StoredFileError'
}

const writeChunks = async (
  store: ObjectStore,
  { key, sha256 }: StoredFile,
  temporary: string,
  signal: AbortSignal,
): Promise<void> => {
  const info = await store.head(key, signal)
  if (info === null) throw new StoredFileError(`s3://${store.bucket}/${key}: is not there any more`)
  await using file = await open(temporary, 'wx')
  const hash = createHash('sha256')
  for (let start = 0; start < info.sizeBytes; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, info.sizeBytes)
    const bytes = await store.readRange(key, { start, end, etag: info.etag }, signal)
    hash.update(bytes)
    await file.writeFile(bytes)
  }
  const found = hash.digest('hex')
  if (found !== sha256) {
    throw new StoredFileError(
      `s3://${store.bucket}/${key}: has SHA-256 ${found}, not ${sha256} as its record says`,
    )
  }
  // So that a power cut after the rename leaves no file of zeros under the name.
  await file.sync()
}

/**
 * Downloads a stored file in chunks. It gets its name when its SHA-256 is that of its record, so a process that is killed
 * leaves no part under the name. Throws `StoredFileError`, or the error of the store or the disk. `target` stays as it was
 * then. Makes the folder if it is missing.
 */
export const downloadFile = async (
  store: ObjectStore,
  stored: StoredFile,
  target: string,
  signal: AbortSignal,
): Promise<void> => {
  const folder = path.dirname(path.resolve(target))
  await makeFolders(folder)
  const temporary = path.join(folder, partialName('download'))
  try {
    await writeChunks(store, stored, temporary, signal)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

import { createHash, randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolders } from '../../shared/files/make-folders.ts'
import { syncFolder } from '../../shared/files/sync-folder.ts'
import { endsWithItsHashInThread, type HashedFile } from './content-hash.ts'

/*
 * A file that is used only if its content is what was written:
 *
 *     content │ SHA-256 of the content, 32 bytes
 *
 * A process writes it under another name, and renames it once it is on the disk. Two processes that write the same
 * file at once each rename a whole one, so that the later one replaces an equal file.
 */

const HASH_BYTES = 32

const PARTIAL_NAME = /^\.[0-9a-f-]{36}\.partial$/
/** A process that still writes does so every few seconds. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000

/** Identity of a file that was verified. Another file under the same name is verified again. */
type FileIdentity = string
const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity =>
  [dev, ino, size, mtimeNs, ctimeNs].join(':')

/** Files that this process wrote or verified. Hashing takes seconds a gigabyte, so that it is done once. */
const verified = new Map<string, FileIdentity>()

/** Writes all bytes at the file's position: one `write` may write fewer. Throws what the file system throws. */
export const writeAll = async (file: Pick<FileHandle, 'write'>, bytes: Uint8Array): Promise<void> => {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done)
    if (bytesWritten === 0) throw new Error(`0 of ${bytes.length - done} bytes were written`)
    done += bytesWritten
  }
}

/** Files that are read at the moment. */
const reading = new Map<string, { readonly identity: FileIdentity; readonly isIntact: Promise<boolean> }>()

const readOnce = (file: HashedFile, identity: FileIdentity): Promise<boolean> => {
  const { path } = file
  const begun = reading.get(path)
  if (begun?.identity === identity) return begun.isIntact
  const read = async (): Promise<boolean> => {
    try {
      const isIntact = await endsWithItsHashInThread(file)
      if (isIntact) verified.set(path, identity)
      return isIntact
    } finally {
      if (reading.get(path)?.identity === identity) reading.delete(path)
    }
  }
  const isIntact = read()
  reading.set(path, { identity, isIntact })
  return isIntact
}

export interface Verification {
  /** Whether the file holds what was written. Rejects where it cannot be read. */
  readonly isIntact: Promise<boolean>
}

/**
 * Begins to read the file, unless this process wrote or verified it; `null`: it is not there, or of another size. What
 * is made of the file meanwhile must not be used before the answer.
 */
export const beginVerification = async (path: string, contentBytes: number): Promise<Verification | null> => {
  const stats = await stat(path, { bigint: true }).catch(() => null)
  if (stats === null || stats.size !== BigInt(contentBytes + HASH_BYTES)) return null
  const identity = identityOf(stats)
  if (verified.get(path) === identity) return { isIntact: Promise.resolve(true) }
  return { isIntact: readOnce({ path, contentBytes }, identity) }
}

/** Removes files of processes that were killed while they wrote. `newest` is a file that was made just now. */
const removeAbandoned = async (folder: string, newest: FileHandle): Promise<void> => {
  const { mtimeMs } = await newest.stat()
  for (const name of await readdir(folder)) {
    if (!PARTIAL_NAME.test(name)) continue
    const file = join(folder, name)
    const stats = await stat(file).catch(() => null)
    if (stats !== null && mtimeMs - stats.mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true })
  }
}

/** Writes the file. If that fails, an older one stays. Throws what the file system or `content` throws. */
export const writeVerified = async (
  path: string,
  content: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<void> => {
  const folder = dirname(path)
  await makeFolders(folder)
  const temporary = join(folder, `.${randomUUID()}.partial`)
  const file = await open(temporary, 'wx')
  try {
    try {
      await removeAbandoned(folder, file)
      const hash = createHash('sha256')
      for await (const bytes of content) {
        hash.update(bytes)
        await writeAll(file, bytes)
      }
      await writeAll(file, new Uint8Array(hash.digest()))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
  verified.set(path, identityOf(await stat(path, { bigint: true })))
}

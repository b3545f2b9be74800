import { createHash, randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolders } from '../../shared/make-folders.ts'
import { syncFolder } from '../../shared/sync-folder.ts'

/*
 * A file that is used only if its content is what was written:
 *
 *     content │ SHA-256 of the content, 32 bytes
 *
 * A process writes it under another name, and renames it once it is on the disk. Two processes that write the same
 * file at once each rename a whole one, so that the later one replaces an equal file.
 */

const HASH_BYTES = 32
const READ_BYTES = 4 * 2 ** 20

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

const matchesItsHash = async (file: FileHandle, contentBytes: number): Promise<boolean> => {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const stored: Buffer[] = []
  let position = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) break
    const ofContent = Math.max(0, Math.min(bytesRead, contentBytes - position))
    hash.update(buffer.subarray(0, ofContent))
    stored.push(Buffer.from(buffer.subarray(ofContent, bytesRead)))
    position += bytesRead
  }
  return hash.digest().equals(Buffer.concat(stored))
}

/** Whether the file is there and holds what was written. It is read only the first time that a process asks. */
export const isVerified = async (path: string, contentBytes: number): Promise<boolean> => {
  const stats = await stat(path, { bigint: true }).catch(() => null)
  if (stats === null || stats.size !== BigInt(contentBytes + HASH_BYTES)) return false
  if (verified.get(path) === identityOf(stats)) return true
  const file = await open(path)
  try {
    const identity = identityOf(await file.stat({ bigint: true }))
    if (!(await matchesItsHash(file, contentBytes))) return false
    verified.set(path, identity)
    return true
  } finally {
    await file.close()
  }
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

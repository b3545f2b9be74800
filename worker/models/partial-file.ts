import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders } from '../../shared/files/make-folders.ts'
import { syncFolder } from '../../shared/files/sync-folder.ts'
import { writeAll } from '../engine/verified-file.ts'

/** Path of a file that is not whole yet. No file of a model begins with a dot. */
const partialOf = (file: string): string => path.join(path.dirname(file), `.${path.basename(file)}.partial`)

/** Byte count of `file` that an earlier process has left behind. */
export const partialBytes = async (file: string, sizeBytes: number): Promise<number> => {
  try {
    const { size } = await stat(partialOf(file))
    return size <= sizeBytes ? size : 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** A file that is written from start to end. It appears under its name when it is whole. */
export interface PartialFile extends AsyncDisposable {
  append(bytes: Uint8Array): Promise<void>
  /**
   * Syncs the file to the disk, gives it its name and returns `null`, if its SHA-256 is `sha256`. Else removes the
   * file and returns its actual SHA-256.
   */
  finish(sha256: string): Promise<string | null>
}

const hashStart = async (hash: Hash, file: string, endBytes: number): Promise<void> => {
  if (endBytes === 0) return
  for await (const piece of createReadStream(file, { end: endBytes - 1 })) hash.update(piece)
}

/** Continues after the first `keptBytes`, which are there. A file that is disposed of unfinished keeps its bytes. */
export const openPartialFile = async (file: string, keptBytes: number): Promise<PartialFile> => {
  const partial = partialOf(file)
  await makeFolders(path.dirname(file))
  const handle = await open(partial, 'a')
  const hash = createHash('sha256')
  try {
    await handle.truncate(keptBytes)
    await hashStart(hash, partial, keptBytes)
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    async append(bytes) {
      await writeAll(handle, bytes)
      hash.update(bytes)
    },
    async finish(sha256) {
      const actual = hash.digest('hex')
      if (actual !== sha256) {
        await handle.close()
        await rm(partial, { force: true })
        return actual
      }
      await handle.sync()
      await handle.close()
      await rename(partial, file)
      await syncFolder(path.dirname(file))
      return null
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

import { createHash } from 'node:crypto'
import type { LocalFile } from '../../../../worker/jobs/job-stages.ts'
import type { ScratchFolders } from '../../../../worker/jobs/scratch-folders.ts'
import type { Incarnation } from './incarnation.ts'

/** The disk of a machine, which outlives the processes on it. */
export interface SimulatedDisk {
  folders(): readonly string[]
  /** Writes a file. Throws if its folder does not exist. */
  write(path: string, content: string): LocalFile
  read(path: string): Uint8Array
  /** Opens scratch folders, and removes those of dead processes, as scratch-folders.ts does. */
  openScratchFolders(process: Pick<Incarnation, 'isAlive'>): ScratchFolders
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

export const openSimulatedDisk = (isFull: () => boolean): SimulatedDisk => {
  const folders = new Set<string>()
  const files = new Map<string, Uint8Array>()
  let opened = 0

  const remove = (folder: string): void => {
    folders.delete(folder)
    for (const path of files.keys()) if (folderOf(path) === folder) files.delete(path)
  }
  const failIfFull = (): void => {
    if (isFull()) throw new Error('ENOSPC: no space left on device')
  }

  return {
    folders: () => [...folders],
    write(path, content) {
      failIfFull()
      if (!folders.has(folderOf(path))) throw new Error(`ENOENT: no such folder: ${path}`)
      const bytes = new TextEncoder().encode(content)
      files.set(path, bytes)
      return { path, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    },
    read(path) {
      const bytes = files.get(path)
      if (bytes === undefined) throw new Error(`ENOENT: no such file: ${path}`)
      return bytes
    },
    openScratchFolders(process) {
      for (const folder of folders) remove(folder)
      return {
        async open() {
          failIfFull()
          const path = `/scratch/job-${++opened}`
          folders.add(path)
          return {
            path,
            async [Symbol.asyncDispose]() {
              if (process.isAlive()) remove(path)
            },
          }
        },
      }
    },
  }
}

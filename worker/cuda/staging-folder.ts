import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { syncFolder } from '../../shared/files/sync-folder.ts'

/*
 *     mkdtemp ──▶ FOLDER/.svd-cuda-XXXXXX ──files written, verified, synced──▶ renamed into FOLDER, one by one
 *                          │
 *                          └──the process dies──▶ removed by the next install, an hour after the last write
 *
 * Two installs at once have a staging folder each. They rename files of the same bytes, so their order does not matter.
 */

const PREFIX = '.svd-cuda-'
/** An install writes without a pause; processes of other containers cannot be asked whether they are alive. */
const ABANDONED_MS = 3_600_000

/** A folder in the target's file system, so that a rename into the target is atomic. */
export interface StagingFolder extends AsyncDisposable {
  readonly folder: string
  /** Renames files of the staging folder into the target, in this order, and syncs the target. */
  publish(names: readonly string[]): Promise<void>
}

const lastWriteMs = async (folder: string): Promise<number> => {
  const entries = [folder, ...(await readdir(folder)).map((name) => path.join(folder, name))]
  return Math.max(...(await Promise.all(entries.map(async (entry) => (await stat(entry)).mtimeMs))))
}

const removeAbandoned = async (target: string, nowMs: number): Promise<void> => {
  for (const name of await readdir(target)) {
    if (!name.startsWith(PREFIX)) continue
    const folder = path.join(target, name)
    // Another install may remove it at the same moment.
    const isAbandoned = await lastWriteMs(folder).then(
      (writtenMs) => nowMs - writtenMs > ABANDONED_MS,
      () => false,
    )
    if (isAbandoned) await rm(folder, { recursive: true, force: true })
  }
}

/** Throws what the file system throws if `target` is not there or cannot be written. */
export const openStagingFolder = async (target: string): Promise<StagingFolder> => {
  await removeAbandoned(target, Date.now())
  const folder = await mkdtemp(path.join(target, PREFIX))
  return {
    folder,
    async publish(names) {
      for (const name of names) await rename(path.join(folder, name), path.join(target, name))
      await syncFolder(target)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

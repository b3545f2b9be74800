import { mkdtemp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders } from '../../shared/files/make-folders.ts'
import { makeFolder } from '../../shared/files/output-folder.ts'
import { once } from '../../shared/once.ts'

/**
 * A folder for the files of one attempt. Disposing of it removes it with all that is in it, and never throws. Disposing
 * of it again waits for the same removal.
 */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
}

/** Room for files on this machine. */
export interface ScratchFolders {
  open(): Promise<ScratchFolder>
}

/** Tells whose folder it is: `svd-worker-HOST-PID`. */
const PREFIX = 'svd-worker-'

export interface ScratchOwner {
  readonly host: string
  readonly processId: number
  /** Whether a process of this machine is there. */
  readonly isRunning: (processId: number) => boolean
}

/**
 * Makes folders inside `dir`, in one that is named after this process, and removes what workers of this machine left
 * there that were killed. Those of other machines, which may share the disk, stay.
 */
export const openScratchFolders = async (
  dir: string,
  { host, processId, isRunning }: ScratchOwner,
): Promise<ScratchFolders & AsyncDisposable> => {
  const remove = (folder: string): Promise<void> =>
    // What cannot be removed now is a leftover for the next worker.
    rm(path.join(dir, folder), { recursive: true, force: true }).catch(() => {})
  const ofHost = `${PREFIX}${host}-`
  const own = `${ofHost}${processId}`
  await makeFolder('--scratch-dir', dir)
  for (const name of await readdir(dir)) {
    const owner = name.startsWith(ofHost) ? Number(name.slice(ofHost.length)) : Number.NaN
    const isLeft = Number.isInteger(owner) && (owner === processId || !isRunning(owner))
    if (isLeft) await remove(name)
  }
  return {
    async open() {
      const prefix = path.join(dir, own, 'job-')
      const folder = await mkdtemp(prefix).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        await makeFolders(path.join(dir, own))
        return await mkdtemp(prefix)
      })
      return { path: folder, [Symbol.asyncDispose]: once(() => remove(path.relative(dir, folder))) }
    },
    [Symbol.asyncDispose]: () => remove(own),
  }
}

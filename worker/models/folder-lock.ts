import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { makeFolders } from '../../shared/files/make-folders.ts'
import { isRunning } from '../../shared/is-running.ts'

/*
 * A lock between processes that share a disk: a folder that is there or not. It is renamed into place with its owner's
 * name in it, so that nobody sees a lock without one, and renamed away before it is removed.
 *
 *     free ──rename──▶ held ──touched every BEAT_MS──▶ held ──rename──▶ free
 *                        │ its process is gone, or has not touched it for STALE_MS
 *                        └──renamed away by one who waits──▶ free
 */

const OWNER_FILE = 'owner.json'
const ownerSchema = z.object({ token: z.string(), pid: z.int(), host: z.string() })
type Owner = z.infer<typeof ownerSchema>

const BEAT_MS = 10_000
/** Processes in other containers cannot be asked whether they live: only that they touch the lock says it. */
const STALE_MS = 120_000
const POLL_MS = 250

export interface LockOptions {
  /** Called once if another process holds the lock. */
  readonly onWait?: () => void
  readonly signal: AbortSignal
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

const readOwner = async (lock: string): Promise<Owner | null> => {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path.join(lock, OWNER_FILE), 'utf8')))
  } catch {
    return null
  }
}

const isStale = async (lock: string, owner: Owner | null): Promise<boolean> => {
  if (owner !== null && owner.host === hostname() && !isRunning(owner.pid)) return true
  try {
    return Date.now() - (await stat(path.join(lock, owner === null ? '.' : OWNER_FILE))).mtimeMs > STALE_MS
  } catch {
    return false // given back in this moment
  }
}

/** Takes the lock. Returns `false` if another process holds it. */
const take = async (lock: string, token: string): Promise<boolean> => {
  const prepared = `${lock}.${token}`
  await makeFolders(prepared)
  await writeFile(
    path.join(prepared, OWNER_FILE),
    JSON.stringify({ token, pid: process.pid, host: hostname() } satisfies Owner),
  )
  try {
    await rename(prepared, lock)
    return true
  } catch (error) {
    await rm(prepared, { recursive: true, force: true })
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock if `token` still owns it. Another process may have been quicker, and hold it by now. */
const remove = async (lock: string, token: string | undefined): Promise<void> => {
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readOwner(aside))?.token !== token) await rename(aside, lock).catch(() => {})
  await rm(aside, { recursive: true, force: true })
}

const acquire = async (lock: string, { onWait, signal }: LockOptions): Promise<string> => {
  const token = randomUUID()
  await makeFolders(path.dirname(lock))
  for (let told = false; !(await take(lock, token)); ) {
    const owner = await readOwner(lock)
    if (await isStale(lock, owner)) {
      await remove(lock, owner?.token)
      continue
    }
    if (!told) onWait?.()
    told = true
    await wait(POLL_MS, undefined, { signal })
  }
  return token
}

/**
 * Does `work` while no other process does any under the same lock, a path on a disk that they share. Waits for its
 * turn; a lock whose process is gone is taken over. `work` gets a signal that also aborts if the lock was taken away,
 * which happens to a process that stood still for minutes.
 */
export const withFolderLock = async <T>(
  lock: string,
  options: LockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const token = await acquire(lock, options)
  const lost = new AbortController()
  const beat = async (): Promise<void> => {
    if ((await readOwner(lock))?.token !== token)
      return lost.abort(new Error(`${lock} was taken by another process`))
    const now = new Date()
    await utimes(path.join(lock, OWNER_FILE), now, now)
  }
  const timer = setInterval(() => void beat().catch((error) => lost.abort(error)), BEAT_MS)
  try {
    return await work(AbortSignal.any([options.signal, lost.signal]))
  } finally {
    clearInterval(timer)
    await remove(lock, token)
  }
}

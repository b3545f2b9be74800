import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { isRunning } from '../is-running.ts'
import { type PartialOwner, partialOwner, processesSeen } from './partial-name.ts'

/** A download writes to its file at least once in this time. */
const DOWNLOAD_ABANDONED_AFTER_MS = 3_600_000
/** Age from which the files of a process that cannot be asked are worth a line. */
const NAMED_AFTER_MS = 86_400_000

/** Hidden files and folders in which processes that ended had written. */
export interface Leftovers {
  /** Paths of those that were removed. */
  readonly removed: readonly string[]
  /** Paths of old ones that stay, because their process may be alive: on another machine or in another container. */
  readonly left: readonly string[]
}

type Decision = 'remove' | 'name' | 'keep'

/*
 *                            its process runs    it does not    it cannot be asked
 *   of these processes       keep                remove
 *   of others, a download                                       remove after an hour without a write
 *   of others, another                                          name after a day
 */
const decide = ({ kind, processes, processId }: PartialOwner, ageMs: number): Decision => {
  if (processes === processesSeen()) return isRunning(processId) ? 'keep' : 'remove'
  if (kind === 'download') return ageMs > DOWNLOAD_ABANDONED_AFTER_MS ? 'remove' : 'keep'
  return ageMs > NAMED_AFTER_MS ? 'name' : 'keep'
}

/**
 * Removes from folders what processes that were killed have left half-written. Files of a process that is alive, or may be,
 * stay. A process id that another program has by now counts as alive. Throws nothing: what cannot be removed stays.
 */
export const removeLeftovers = async (folders: Iterable<string>, nowMs: number): Promise<Leftovers> => {
  const removed: string[] = []
  const left: string[] = []
  for (const folder of new Set(folders)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const owner = partialOwner(name)
      const file = path.join(folder, name)
      const stats = owner === null ? null : await stat(file).catch(() => null)
      if (owner === null || stats === null) continue
      const decision = decide(owner, nowMs - stats.mtimeMs)
      const isRemoved =
        decision === 'remove' &&
        (await rm(file, { recursive: true, force: true }).then(
          () => true,
          () => false,
        ))
      if (isRemoved) removed.push(file)
      else if (decision !== 'keep') left.push(file)
    }
  }
  return { removed, left }
}

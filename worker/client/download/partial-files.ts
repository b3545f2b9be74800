import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'

const PREFIX = '.svd-download-'
const ENDING = '.partial'
/** A transfer writes its file at least once in this time, so one that is older belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 3_600_000

/** Name of a file while it is transferred. No two transfers share one. */
export const partialName = (): string => `${PREFIX}${randomUUID()}${ENDING}`

const isPartial = (name: string): boolean => name.startsWith(PREFIX) && name.endsWith(ENDING)

/** Removes the parts that killed downloads left in a folder. Files of a running download stay. */
export const removeAbandonedParts = async (folder: string, nowMs: number): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  for (const file of names.filter(isPartial).map((name) => path.join(folder, name))) {
    const found = await stat(file).catch(() => null)
    if (found !== null && nowMs - found.mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true })
  }
}

import { lstat, mkdir } from 'node:fs/promises'
import path from 'node:path'

/** Whether there is an entry of this name, be it a symbolic link to nowhere. */
export const isThere = async (entry: string): Promise<boolean> => {
  try {
    await lstat(entry)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

const makeOne = async (folder: string, onMade: (folder: string) => void): Promise<void> => {
  try {
    await mkdir(folder)
    onMade(folder)
  } catch (error) {
    // Another process was faster; a file of that name shows when something is put into it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Makes `folder` and those above it that are missing, and tells each one that it made, the outermost first. Level by
 * level, since Node's own recursive `mkdir` never ends below /proc. Throws what the file system throws.
 */
export const makeFolders = async (
  folder: string,
  onMade: (folder: string) => void = () => {},
): Promise<void> => {
  if (await isThere(folder)) return
  await makeFolders(path.dirname(folder), onMade)
  await makeOne(folder, onMade)
}

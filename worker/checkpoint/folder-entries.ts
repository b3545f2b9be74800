import { readdir } from 'node:fs/promises'
import { openFault } from './file-bytes.ts'

/** The names in a folder of a checkpoint, which messages call `name`. Throws InvalidInputError. */
export const folderEntries = async (path: string, name: string): Promise<readonly string[]> => {
  try {
    return await readdir(path)
  } catch (cause) {
    throw openFault(name, cause)
  }
}

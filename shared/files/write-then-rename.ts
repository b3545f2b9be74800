import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeFolders } from './make-folders.ts'
import { partialName } from './partial-name.ts'

/**
 * Lets `write` fill a temporary file beside `target` and renames it when it is whole, so that a file under the
 * real name is always complete. If `write` fails, the temporary file is removed and `target` stays as it was.
 * Makes the folder if it is missing.
 */
export const writeThenRename = async <T>(
  target: string,
  write: (temporary: string) => Promise<T>,
): Promise<T> => {
  const folder = path.dirname(path.resolve(target))
  await makeFolders(folder)
  const temporary = path.join(folder, partialName())
  try {
    const written = await write(temporary)
    await rename(temporary, target)
    return written
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

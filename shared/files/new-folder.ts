import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { assertFolderUsable, folderFault, makeFolder, removeEmptyFolders } from './output-folder.ts'
import { partialName } from './partial-name.ts'

const entriesOf = async (option: string, folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw folderFault(option, folder, error)
  }
}

/** Throws InvalidInputError if `folder` is there and not empty, or is a file, or cannot be made. */
export const assertNewFolder = async (option: string, folder: string): Promise<void> => {
  await assertFolderUsable(option, folder)
  if ((await entriesOf(option, folder)).length > 0) {
    throw new InvalidInputError(option, `${folder} is not empty; choose another folder, or empty it`)
  }
  // It is made beside its place first.
  await assertFolderUsable(option, path.dirname(path.resolve(folder)))
}

/**
 * Lets `fill` write into a temporary folder beside `folder` and renames it when all is there; if `fill` fails,
 * nothing is left. Throws InvalidInputError in the name of `option` where no folder can be made.
 */
export const fillNewFolder = async (
  option: string,
  folder: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> => {
  const target = path.resolve(folder)
  const parent = path.dirname(target)
  const made = await makeFolder(option, parent)
  const temporary = path.join(parent, partialName())
  try {
    await mkdir(temporary)
    await fill(temporary)
    await rmdir(target).catch(() => {})
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    await removeEmptyFolders(made)
    throw error
  }
}

import { access, constants, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { isThere, makeFolders } from './make-folders.ts'

/** Codes of system errors that say how a path is unfit to be written to; any other is told as it is. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission to write there',
  EPERM: 'there is no permission to write there',
  EROFS: 'its file system is read-only',
  EEXIST: 'a file has that name',
  ENOTDIR: 'a file has that name',
  ELOOP: 'its symbolic links lead in a circle',
  ENOENT: 'no folder can be made there',
  ENAMETOOLONG: 'its name is too long',
  ENOSPC: 'the disk is full',
}

/** Says why `folder` cannot be used, in the name of the option that gave it. */
export const folderFault = (option: string, folder: string, cause: unknown): InvalidInputError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  return new InvalidInputError(
    option,
    `the folder ${folder} cannot be used (${REASONS[code] ?? code}); choose another`,
    { cause },
  )
}

const nearestThere = async (folder: string): Promise<string> =>
  (await isThere(folder)) ? folder : nearestThere(path.dirname(folder))

const assertWritableFolder = async (folder: string): Promise<void> => {
  const stats = await stat(folder)
  if (!stats.isDirectory()) throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' })
  await access(folder, constants.W_OK | constants.X_OK)
}

/**
 * Looks whether files can be written to `folder`, or it can be made where it is missing, and changes nothing.
 * Throws InvalidInputError in the name of `option`.
 */
export const assertFolderUsable = async (option: string, folder: string): Promise<void> => {
  try {
    await assertWritableFolder(await nearestThere(path.resolve(folder)))
  } catch (cause) {
    throw folderFault(option, folder, cause)
  }
}

/** Removes those that are empty, the innermost first. */
export const removeEmptyFolders = async (made: readonly string[]): Promise<void> => {
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => {})
}

/**
 * Makes `folder` and those above it that are missing, and tells those made, the innermost last. Throws
 * InvalidInputError in the name of `option`; nothing that was made is left then.
 */
export const makeFolder = async (option: string, folder: string): Promise<readonly string[]> => {
  await assertFolderUsable(option, folder)
  const made: string[] = []
  try {
    await makeFolders(path.resolve(folder), (one) => made.push(one))
    return made
  } catch (cause) {
    await removeEmptyFolders(made)
    throw folderFault(option, folder, cause)
  }
}

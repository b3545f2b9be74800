import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** Throws InvalidInputError if `folder` is there and not empty, or is a file. */
export const assertNewFolder = async (option: string, folder: string): Promise<void> => {
  let entries: readonly string[]
  try {
    entries = await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw new InvalidInputError(
      option,
      `${folder} is not a folder that can be read (${code}); choose another`,
    )
  }
  if (entries.length > 0) {
    throw new InvalidInputError(option, `${folder} is not empty; choose another folder, or empty it`)
  }
}

/**
 * Lets `fill` write into a temporary folder beside `folder` and renames it when all is there; if `fill` fails,
 * nothing is left.
 */
export const fillNewFolder = async (
  folder: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> => {
  const target = path.resolve(folder)
  const temporary = path.join(path.dirname(target), `.svd-${randomUUID()}.partial`)
  try {
    await mkdir(temporary, { recursive: true })
    await fill(temporary)
    await rmdir(target).catch(() => {})
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

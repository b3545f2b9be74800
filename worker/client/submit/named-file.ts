import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { hasOtherForms, namesMeantBy } from '../../../shared/contracts/input-names.ts'

const entriesOf = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
      throw error
    },
  )

/**
 * Files under `folder` that may be meant by `name`, a path with `/`: none, one, or several between which no rule
 * decides. Ingest compares names in the same way. A folder's name has no ending, so its case counts.
 */
export const findNamedFiles = async (folder: string, name: string): Promise<readonly string[]> => {
  const parts = name.split('/')
  const exact = path.join(folder, ...parts)
  if (!hasOtherForms(name) && (await exists(exact))) return [exact]
  let found: readonly string[] = [folder]
  for (const [index, part] of parts.entries()) {
    const isFile = index === parts.length - 1
    const next: string[] = []
    for (const parent of found) {
      const entries = await entriesOf(parent)
      const meant = namesMeantBy(part, entries)
      const named = isFile ? meant : meant.filter((entry) => entry.normalize('NFC') === part.normalize('NFC'))
      next.push(...named.map((entry) => path.join(parent, entry)))
    }
    found = next
  }
  return found
}

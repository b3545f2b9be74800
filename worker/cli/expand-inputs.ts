import { glob, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { isImageName } from '../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { sourceFormatOfName } from '../client/convert/source-format.ts'

/** Characters with which a name is a pattern, where there is no file of that name. */
const PATTERN = /[*?[\]{}]/

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

const stemOf = (name: string): string => path.parse(name).name

/** An HEIC beside another image of its name was converted to that. */
const withoutConverted = (names: readonly string[]): readonly string[] => {
  const isHeic = (name: string): boolean => sourceFormatOfName(name) === 'HEIC'
  const others = new Set(names.filter((name) => !isHeic(name)).map(stemOf))
  return names.filter((name) => !isHeic(name) || !others.has(stemOf(name)))
}

const imagesIn = async (folder: string): Promise<readonly string[]> => {
  const isImage = (name: string): boolean => isImageName(name) || sourceFormatOfName(name) !== null
  const all = (await readdir(folder)).filter((name) => isImage(name) && !name.startsWith('.'))
  const names = withoutConverted(all)
  if (names.length === 0) {
    throw new InvalidInputError(
      folder,
      'is a folder without PNG, JPEG, WebP, AVIF, TIFF or HEIC files; for those in its folders, give a pattern in quotes: ' +
        `'${path.join(folder, '**', '*.jpg')}'`,
    )
  }
  return names.toSorted(byName).map((name) => path.join(folder, name))
}

const matchesOf = async (pattern: string): Promise<readonly string[]> => {
  const files: string[] = []
  for await (const file of glob(pattern)) if ((await stat(file)).isFile()) files.push(file)
  if (files.length > 0) return files.toSorted(byName)
  throw new InvalidInputError(pattern, 'matches no file; check the path, and put a pattern in quotes')
}

const kindOf = async (input: string): Promise<'folder' | 'pattern' | 'file'> => {
  const stats = await stat(input).catch(() => null)
  if (stats !== null) return stats.isDirectory() ? 'folder' : 'file'
  return PATTERN.test(input) ? 'pattern' : 'file'
}

/**
 * Files that a user names: a folder stands for the images in it (an HEIC beside an image of its name is left out, as it was
 * converted), a pattern (`photos/**\/*.jpg`) for the files that match,
 * each in the order of names in which 10 comes after 9. A file that is named twice is there once. Throws InvalidInputError
 * for a folder without images and for a pattern without matches; a file that is missing is left as it is.
 */
export const expandInputs = async (inputs: readonly string[]): Promise<readonly string[]> => {
  const files = new Map<string, string>()
  for (const input of inputs) {
    const kind = await kindOf(input)
    const found =
      kind === 'folder' ? await imagesIn(input) : kind === 'pattern' ? await matchesOf(input) : [input]
    for (const file of found) if (!files.has(path.resolve(file))) files.set(path.resolve(file), file)
  }
  return [...files.values()]
}

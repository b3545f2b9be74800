import { access, constants, stat } from 'node:fs/promises'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'

const faultOf = async (image: string): Promise<string | null> => {
  try {
    const stats = await stat(image)
    if (stats.isDirectory()) return 'is a folder; name the image files in it'
    if (!stats.isFile()) return 'is not an ordinary file; copy the image to one'
    await access(image, constants.R_OK)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file; check the path'
    return `cannot be read (${code}); check its permissions`
  }
}

export interface UnreadableImage {
  readonly image: string
  readonly fault: string
}

/** Images which cannot even be opened. What is in them is not looked at. */
export const unreadableImages = async (images: readonly string[]): Promise<readonly UnreadableImage[]> => {
  const faults: UnreadableImage[] = []
  for (const image of images) {
    const fault = await faultOf(image)
    if (fault !== null) faults.push({ image, fault })
  }
  return faults
}

/** Throws InvalidInputError that names every image which cannot even be opened. */
export const assertImagesReadable = async (images: readonly string[]): Promise<void> => {
  const [first, ...others] = await unreadableImages(images)
  if (first === undefined) return
  throw new InvalidInputError(
    first.image,
    [first.fault, ...others.map(({ image, fault }) => `${image}: ${fault}`)].join('\n'),
  )
}

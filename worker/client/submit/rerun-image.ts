import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isImageName } from '../../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import type { JobImage } from '../../../shared/contracts/job-message.ts'
import { decodeImage, MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { checkImage } from './image-upload.ts'

/** The image of a clip that is to be made again. */
export type RerunImage = Pick<JobImage, 'source_key' | 'key' | 'pixels_sha256'>

/**
 * Writes the image into a folder, under the name that it was uploaded with. It is the plain PNG in the output bucket that
 * workers read, so what became of the upload does not matter. Returns the file; `null` if the PNG is gone.
 */
export const writeStoredImage = async (
  outputs: ObjectStore,
  image: RerunImage,
  folder: string,
  signal: AbortSignal,
): Promise<string | null> => {
  const stored = await outputs.read(image.key, { maxBytes: MAX_IMAGE_BYTES }, signal)
  if (stored === null) return null
  const file = path.join(folder, `${path.posix.parse(image.source_key).name}.png`)
  await writeFile(file, stored.bytes)
  return file
}

/** Hash of the pixels that ingest gets of this file, which `svd submit` may scale down or convert before. */
const pixelsOf = async (file: string, scratchDir: string): Promise<string> => {
  const { body } = await checkImage(file, path.basename(file), { scratchDir, onScaled() {} })
  const bytes = body instanceof Uint8Array ? body : await readFile(body.path)
  return hashPixels(await decodeImage(bytes, file))
}

/** Throws InvalidInputError if the file does not have the pixels of the image. */
export const assertSameImage = async (file: string, image: RerunImage, scratchDir: string): Promise<void> => {
  const found = await pixelsOf(file, scratchDir)
  if (found === image.pixels_sha256) return
  throw new InvalidInputError(
    '--image',
    `got '${file}', whose pixels have SHA-256 ${found}; those of the clip's image, ${image.source_key}, have ` +
      `${image.pixels_sha256}; give that image, or render this one with svd submit`,
  )
}

/** Most images of a folder that are decoded in search of one. */
const MOST_DECODED = 200

/** File of a folder that has the pixels of the image; `null` if none has. One of the image's name is tried first. */
export const findImageIn = async (
  folder: string,
  image: RerunImage,
  scratchDir: string,
): Promise<string | null> => {
  const names = (await readdir(folder)).filter(isImageName).sort()
  const own = path.posix.basename(image.source_key)
  const ordered = [...names.filter((name) => name === own), ...names.filter((name) => name !== own)]
  for (const name of ordered.slice(0, MOST_DECODED)) {
    const file = path.join(folder, name)
    const pixels = await pixelsOf(file, scratchDir).catch((error) => {
      // What is not an image is not the one.
      if (error instanceof InvalidInputError) return null
      throw error
    })
    if (pixels === image.pixels_sha256) return file
  }
  return null
}

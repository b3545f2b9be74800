import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import type { JobImage } from '../../../shared/contracts/job-message.ts'
import { decodeImage, MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { checkImage } from './image-upload.ts'

/**
 * Writes the image of a job into a folder, under the name that it was uploaded with. The image is the plain PNG in the
 * output bucket that workers read, so what became of the upload does not matter. Returns the file; `null` if the PNG is
 * gone.
 */
export const writeJobImage = async (
  outputs: ObjectStore,
  image: JobImage,
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

/** Throws InvalidInputError if the file does not have the pixels of the job's image. */
export const assertImageOfJob = async (file: string, image: JobImage, scratchDir: string): Promise<void> => {
  const found = await pixelsOf(file, scratchDir)
  if (found === image.pixels_sha256) return
  throw new InvalidInputError(
    '--image',
    `got '${file}', whose pixels have SHA-256 ${found}; those of the job's image, ${image.source_key} ` +
      `(${image.width}x${image.height}), have ${image.pixels_sha256}; give that image, or render this one with svd submit`,
  )
}

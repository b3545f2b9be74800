import { hashPixels } from '../../shared/contracts/job-id.ts'
import { decodeImageFile, readImageFile } from '../client/convert/read-image-file.ts'

/*
 * An image of a format that is converted takes seconds to decode. It is decoded once where memory allows it:
 *
 *   check   before the model is loaded: every image is decoded and hashed. PNGs of converted ones are kept, up to a
 *           number of bytes
 *   read    before an image is rendered: the kept PNG, or else the file, converted again. It stays until the next image
 *           is read, because the clips of all seeds of an image follow each other
 */

/** Byte count of all PNGs that are kept: 20 photos of 12 megapixels, and little beside a model. */
const MAX_KEPT_BYTES = 256 * 2 ** 20

interface ImageFiles {
  readonly decode: typeof decodeImageFile
  readonly read: typeof readImageFile
}

/** The images of one command, first checked, then read. */
export interface ImageSource {
  /**
   * Decodes an image, and returns the hash of its pixels, as `hashPixels` gives it. Throws InvalidInputError for a faulty
   * image, and the signal's reason.
   */
  check(image: string, signal: AbortSignal): Promise<string>
  /** Returns an image as the content of a PNG, JPEG or WebP file. Images are read in the order of their clips. */
  read(image: string, signal: AbortSignal): Promise<Uint8Array>
}

export const openImageSource = (
  maxKeptBytes = MAX_KEPT_BYTES,
  files: ImageFiles = { decode: decodeImageFile, read: readImageFile },
): ImageSource => {
  const kept = new Map<string, Uint8Array>()
  let freeBytes = maxKeptBytes
  let isFull = false
  let latest: { readonly image: string; readonly bytes: Uint8Array } | undefined

  const keep = (image: string, bytes: Uint8Array): void => {
    isFull = bytes.length > freeBytes
    if (isFull) return
    kept.set(image, bytes)
    freeBytes -= bytes.length
  }

  return {
    async check(image, signal) {
      const decoded = await files.decode(image, signal)
      if (decoded.convertedFrom !== null && !isFull) keep(image, await decoded.readBytes())
      return hashPixels(decoded.image)
    },
    async read(image, signal) {
      if (latest?.image === image) return latest.bytes
      const checked = kept.get(image)
      kept.delete(image)
      latest = checked && { image, bytes: checked }
      if (checked !== undefined) return checked
      const { bytes, convertedFrom } = await files.read(image, signal)
      if (convertedFrom !== null) latest = { image, bytes }
      return bytes
    },
  }
}

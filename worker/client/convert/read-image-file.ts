import { readFile } from 'node:fs/promises'
import type { PixelSize } from '../../../shared/contracts/auto-size.ts'
import { decodeImage, MAX_IMAGE_BYTES, readImageSize } from '../../../shared/image/decode-image.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'
import type { RgbImage } from '../../../shared/image/rgb-image.ts'
import { convertImage, readSourceSize } from './convert-image.ts'
import { PIXELS_OF_ANY_PNG, scaleDown } from './scale-down.ts'
import { type SourceFormat, sourceFormatOf } from './source-format.ts'

interface FileFormat {
  /** Format of the file that was converted; `null`: it was not. */
  readonly convertedFrom: SourceFormat | null
}

export interface ImageFile extends FileFormat {
  /** The file as it is, or a PNG of it. */
  readonly bytes: Uint8Array
}

export interface DecodedImageFile extends FileFormat {
  /** The image that `decodeImage` makes of the bytes. */
  readonly image: RgbImage
  /** Returns the file as it is, or a PNG of it. That takes time only where the image was converted. */
  readBytes(): Promise<Uint8Array>
}

export interface ImageFileSize extends FileFormat {
  /** `null` if the file is not an image, which `decodeImageFile` then says. */
  readonly size: PixelSize | null
}

/** Converts a file. The PNG is made at once only where its byte count decides whether the image is scaled down. */
const convertFile = async (
  bytes: Uint8Array,
  format: SourceFormat,
  file: string,
): Promise<Omit<DecodedImageFile, 'convertedFrom'>> => {
  const image = await convertImage(bytes, format, file)
  if (image.width * image.height <= PIXELS_OF_ANY_PNG) return { image, readBytes: () => encodePng(image) }
  const png = await encodePng(image)
  if (png.length <= MAX_IMAGE_BYTES) return { image, readBytes: async () => png }
  const scaled = await scaleDown(image, 'PNG', file)
  return { image: scaled ?? image, readBytes: async () => scaled?.bytes ?? png }
}

/**
 * Reads an image file; an AVIF, TIFF or HEIC as a PNG. A PNG of more bytes than are read is scaled down.
 *
 * @throws InvalidInputError as `convertImage` does. A file of another format is not looked into.
 */
export const readImageFile = async (file: string, signal?: AbortSignal): Promise<ImageFile> => {
  const bytes = await readFile(file, { signal })
  const format = sourceFormatOf(bytes)
  if (format === null) return { bytes, convertedFrom: null }
  const { readBytes } = await convertFile(bytes, format, file)
  return { bytes: await readBytes(), convertedFrom: format }
}

/**
 * Decodes an image file, once, also where it is converted.
 *
 * @throws InvalidInputError as `convertImage` and `decodeImage` do.
 */
export const decodeImageFile = async (file: string, signal?: AbortSignal): Promise<DecodedImageFile> => {
  const bytes = await readFile(file, { signal })
  const format = sourceFormatOf(bytes)
  if (format !== null) return { ...(await convertFile(bytes, format, file)), convertedFrom: format }
  return { image: await decodeImage(bytes, file), readBytes: async () => bytes, convertedFrom: null }
}

/**
 * Reads the upright size of an image file from its header. Its pixels may be damaged. One that is scaled down because of
 * its bytes has its own size here.
 *
 * @throws InvalidInputError as `convertImage` does for what the header says.
 */
export const readImageFileSize = async (file: string): Promise<ImageFileSize> => {
  const bytes = await readFile(file)
  const format = sourceFormatOf(bytes)
  if (format === null) return { size: await readImageSize(bytes), convertedFrom: null }
  return { size: await readSourceSize(bytes, format, file), convertedFrom: format }
}

import { readFile } from 'node:fs/promises'
import { MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'
import { convertImage } from './convert-image.ts'
import { scaleDown } from './scale-down.ts'
import { type SourceFormat, sourceFormatOf } from './source-format.ts'

export interface ImageFile {
  /** The file as it is, or a PNG of it. */
  readonly bytes: Uint8Array
  /** Format of the file that was converted; `null`: it was not. */
  readonly convertedFrom: SourceFormat | null
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
  const image = await convertImage(bytes, format, file)
  const png = await encodePng(image)
  const scaled = png.length <= MAX_IMAGE_BYTES ? null : await scaleDown(image, 'PNG', file)
  return { bytes: scaled?.bytes ?? png, convertedFrom: format }
}

import { InvalidInputError } from '../contracts/invalid-input.ts'
import { decodeImage, MAX_IMAGE_BYTES } from './decode-image.ts'
import { encodePng } from './encode-png.ts'
import type { RgbImage } from './rgb-image.ts'

/**
 * Lower than what `svd render` takes on one's own machine: anybody with access to the bucket uploads images, and one of
 * 25 megapixels takes 370 MB to decode as a JPEG, 760 MB as a 16-bit PNG, for half a megapixel that the model sees.
 */
export const MAX_UPLOADED_PIXELS = 25_000_000

/** As `decodeImage`, with the bound of uploaded images. */
export const decodeUploadedImage = (bytes: Uint8Array, field: string): Promise<RgbImage> =>
  decodeImage(bytes, field, MAX_UPLOADED_PIXELS)

/**
 * The plain PNG of an uploaded image that workers read.
 *
 * @throws InvalidInputError (`field`) if that PNG is larger than workers read.
 */
export const encodeUploadedImage = async (image: RgbImage, field: string): Promise<Uint8Array> => {
  const png = await encodePng(image)
  if (png.length <= MAX_IMAGE_BYTES) return png
  throw new InvalidInputError(
    field,
    `its ${image.width} x ${image.height} pixels take ${png.length} bytes as a PNG, more than ${MAX_IMAGE_BYTES}; ` +
      'scale it down',
  )
}

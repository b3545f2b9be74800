import sharp from 'sharp'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'
import type { ImageFormat } from '../../../shared/image/image-format.ts'
import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import {
  decodeUploadedImage,
  encodeUploadedImage,
  MAX_UPLOADED_PIXELS,
} from '../../../shared/image/uploaded-image.ts'

/** Pixels of which any PNG, even of noise, is below what workers read: three bytes each, and 10 % for the format. */
export const PIXELS_OF_ANY_PNG = Math.floor(MAX_IMAGE_BYTES / (RGB_CHANNELS * 1.1))

const fitsPng = async (image: RgbImage, field: string): Promise<boolean> => {
  if (image.width * image.height <= PIXELS_OF_ANY_PNG) return true
  try {
    await encodeUploadedImage(image, field)
    return true
  } catch (error) {
    if (error instanceof InvalidInputError) return false
    throw error
  }
}

/** Whether ingest takes an image of these pixels. */
const isAccepted = async (image: RgbImage, field: string): Promise<boolean> =>
  image.width * image.height <= MAX_UPLOADED_PIXELS && (await fitsPng(image, field))

/** The largest size of the same proportions, in whole pixels. */
const sizeWithin = ({ width, height }: RgbImage, maxPixels: number) => {
  const scale = Math.sqrt(maxPixels / (width * height))
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) }
}

const resize = async (image: RgbImage, size: { width: number; height: number }): Promise<RgbImage> => {
  const { width, height, data } = image
  const raw = { width, height, channels: RGB_CHANNELS } as const
  const resized = await sharp(data, { raw })
    .resize({ ...size, fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer()
  return { ...size, data: resized }
}

/** In the file's own format, so that its name stays right, and with the least loss. Without metadata. */
const encode = ({ width, height, data }: RgbImage, format: ImageFormat): Promise<Uint8Array> => {
  const image = sharp(data, { raw: { width, height, channels: RGB_CHANNELS } })
  if (format === 'JPEG') return image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
  if (format === 'WebP') return image.webp({ lossless: true, effort: 0 }).toBuffer()
  return encodePng({ width, height, data })
}

/** An image as it is decoded from its bytes. */
export interface ScaledImage extends RgbImage {
  readonly bytes: Uint8Array
}

/**
 * An upright image scaled down to what ingest takes, as a file of `format`, with its proportions; `null` if ingest
 * takes it as it is. The model sees half a megapixel of it, so that many more are left than a clip shows.
 *
 * @throws InvalidInputError (`field`) if ingest would not take the scaled image either.
 */
export const scaleDown = async (
  image: RgbImage,
  format: ImageFormat,
  field: string,
): Promise<ScaledImage | null> => {
  if (await isAccepted(image, field)) return null
  const within = await resize(image, sizeWithin(image, MAX_UPLOADED_PIXELS))
  const scaled = (await fitsPng(within, field))
    ? within
    : await resize(image, sizeWithin(image, PIXELS_OF_ANY_PNG))
  const bytes = await encode(scaled, format)
  const decoded = await decodeUploadedImage(bytes, field)
  await encodeUploadedImage(decoded, field)
  return { ...decoded, bytes }
}

import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import { type ImageFormat, imageFormatOf } from './image-format.ts'
import { jpegMetadata } from './jpeg-metadata.ts'
import { type OrientationMetadata, orientationOf } from './orientation.ts'
import { isGreyPng, pngFrames } from './png-header.ts'
import { pngMetadata } from './png-metadata.ts'
import { type RawImage, rawToRgb } from './raw-to-rgb.ts'
import type { RgbImage } from './rgb-image.ts'
import { uprightImage } from './upright-image.ts'

/** A camera's largest JPEG has some 50 MB. */
export const MAX_IMAGE_BYTES = 64 * 2 ** 20
/** 100 megapixels take 300 MB as RGB; the model sees about half a megapixel of them. */
export const MAX_IMAGE_PIXELS = 100_000_000

/**
 * Goes up with every change after which some file gives other pixels. Notes on decoded files carry it, so that none
 * outlives the decoder that it is from. 1: orientation before a PNG's pixels only.
 */
export const DECODER_VERSION = 2

// Inputs are hostile: in this process libvips reads these three formats from memory, and nothing else.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
})

/** As PIL: damaged and truncated files are errors, oddities in metadata are not; colour profiles are not looked at. */
const OPTIONS: SharpOptions = { failOn: 'error', ignoreIcc: true, limitInputPixels: MAX_IMAGE_PIXELS }

interface DecodeOptions {
  readonly field: string
  readonly maxPixels: number
}

/** libwebp finds the same chunks of a WebP file for libvips as for Pillow. */
const orientationMetadata = (
  bytes: Uint8Array,
  format: ImageFormat,
  metadata: Metadata,
): OrientationMetadata => {
  if (format === 'PNG') return pngMetadata(bytes, pngFrames(bytes).images)
  if (format === 'JPEG') return jpegMetadata(bytes)
  return { exif: metadata.exif ?? null, xmp: metadata.xmp?.toString('latin1') ?? null }
}

const checkSize = ({ width, height }: Metadata, { field, maxPixels }: DecodeOptions): void => {
  if (width * height <= maxPixels) return
  throw new InvalidInputError(
    field,
    `has ${width}x${height} pixels, more than the ${maxPixels / 1e6} million that are accepted; scale it down`,
  )
}

const checkStill = (bytes: Uint8Array, format: ImageFormat, metadata: Metadata, field: string): void => {
  const animated = (format === 'PNG' ? pngFrames(bytes).animation : (metadata.pages ?? 1)) > 1
  if (animated) throw new InvalidInputError(field, 'is an animation; give one of its frames as a still image')
}

const modeOf = (bytes: Uint8Array, format: ImageFormat, metadata: Metadata): RawImage['mode'] => {
  if (metadata.space === 'cmyk') return 'cmyk'
  if (metadata.space === 'b-w') return 'grey'
  if (metadata.space !== 'grey16') return 'rgb'
  return format === 'PNG' && isGreyPng(bytes) ? 'grey16' : 'grey'
}

const readRaw = async (bytes: Uint8Array, format: ImageFormat, metadata: Metadata): Promise<RawImage> => {
  // Naming the file's own colour space on both sides keeps libvips from converting anything.
  const { data, info } = await sharp(bytes, OPTIONS)
    .pipelineColourspace(metadata.space)
    .toColourspace(metadata.space)
    .raw({ depth: metadata.depth === 'ushort' ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const mode = modeOf(bytes, format, metadata)
  if (metadata.depth !== 'ushort') return { width, height, channels, data, mode }
  const values = new Uint16Array(new Uint8Array(data).buffer)
  return { width, height, channels, data: values, mode }
}

/** Orientations from 5 on have rows and columns change places, see `uprightImage`. */
const FIRST_TURNED = 5
const LAST_TURNED = 8

const uprightSize = ({ width, height }: Metadata, orientation: number): Pick<RgbImage, 'width' | 'height'> =>
  orientation >= FIRST_TURNED && orientation <= LAST_TURNED
    ? { width: height, height: width }
    : { width, height }

/**
 * Width and height of the image that `decodeImage` makes of a file, read from its header alone; `null` if the file is no
 * image of these formats, which `decodeImage` then says.
 */
export const readImageSize = async (
  bytes: Uint8Array,
): Promise<Pick<RgbImage, 'width' | 'height'> | null> => {
  try {
    const format = imageFormatOf(bytes, 'image')
    const metadata = await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata()
    return uprightSize(metadata, orientationOf(orientationMetadata(bytes, format, metadata)))
  } catch {
    return null
  }
}

const decode = async (bytes: Uint8Array, format: ImageFormat, options: DecodeOptions): Promise<RgbImage> => {
  const metadata = await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata()
  checkSize(metadata, options)
  checkStill(bytes, format, metadata, options.field)
  const orientation = orientationOf(orientationMetadata(bytes, format, metadata))
  return uprightImage(rawToRgb(await readRaw(bytes, format, metadata)), orientation)
}

/**
 * A PNG, JPEG or WebP file as RGB, with the same bytes as diffusers' `load_image`: turned as EXIF or XMP says (see
 * `orientationOf`), then converted to RGB (see `rawToRgb`). An animation of one frame is an image. `field` is how the
 * user calls the file; `maxPixels` may be lower than ours.
 *
 * @throws InvalidInputError (`field`) if the file is empty, too large, no image of these formats, an animation,
 * damaged or cut off.
 */
export const decodeImage = async (
  bytes: Uint8Array,
  field: string,
  maxPixels = MAX_IMAGE_PIXELS,
): Promise<RgbImage> => {
  if (bytes.length > MAX_IMAGE_BYTES) {
    const megabytes = (size: number): string => `${(size / 2 ** 20).toFixed(1)} MiB`
    throw new InvalidInputError(
      field,
      `has ${megabytes(bytes.length)}, more than the ${megabytes(MAX_IMAGE_BYTES)} that are accepted; compress it`,
    )
  }
  const format = imageFormatOf(bytes, field)
  try {
    return await decode(bytes, format, { field, maxPixels })
  } catch (error) {
    if (error instanceof InvalidInputError) throw error
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').trim() : String(error)
    throw new InvalidInputError(field, `is a damaged or cut-off ${format} file (${reason}); save it again`, {
      cause: error,
    })
  }
}

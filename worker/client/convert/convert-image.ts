import path from 'node:path'
import sharp, { type Metadata, type SharpOptions } from 'sharp'
import type { PixelSize } from '../../../shared/contracts/auto-size.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
// Blocks every loader but those of ingest before this module adds its own.
import { MAX_IMAGE_PIXELS } from '../../../shared/image/decode-image.ts'
import { rawToRgb } from '../../../shared/image/raw-to-rgb.ts'
import type { RgbImage } from '../../../shared/image/rgb-image.ts'
import { shellWord } from '../../../shared/shell-text.ts'
import { isImageSequence, type SourceFormat, sourceFormatOfName } from './source-format.ts'

/** 100 megapixels of 16 bits with alpha take 800 MB without compression. */
const MAX_SOURCE_BYTES = 2 ** 30

/** As for other formats, a damaged file is an error. */
const OPTIONS: SharpOptions = { failOn: 'error', limitInputPixels: MAX_IMAGE_PIXELS }

/**
 * libvips reads these two formats only in a process that converts a file of its user: ingest runs in a Lambda function of
 * its own, and refuses such a file by its first bytes before libvips sees it.
 */
const allowLoaders = (): void =>
  sharp.unblock({ operation: ['VipsForeignLoadHeifBuffer', 'VipsForeignLoadTiffBuffer'] })

/** Commands that make a PNG of a file. `page`: of one of its pages. */
const commandsFor = (file: string, format: SourceFormat, page = ''): string => {
  const { dir, name } = path.parse(file)
  const [from, to] = [shellWord(`${file}${page}`), shellWord(path.join(dir, `${name}.png`))]
  const magick = `magick ${from} ${to}`
  if (format === 'TIFF') return `${magick} (ImageMagick)`
  return `sips -s format png ${from} --out ${to} (macOS), heif-convert ${from} ${to} (libheif) or ${magick} (ImageMagick)`
}

const assertName = (field: string, format: SourceFormat): void => {
  // Raw files of most cameras are TIFF files whose first image is a thumbnail.
  if (format !== 'TIFF' || sourceFormatOfName(field) === 'TIFF') return
  throw new InvalidInputError(
    field,
    `is a TIFF by its first bytes, but its name ends with '${path.extname(field)}'; ` +
      'export a raw file of a camera as PNG, JPEG or TIFF, and rename another file to .tif',
  )
}

const assertOneImage = ({ pages = 1 }: Metadata, format: SourceFormat, field: string): void => {
  if (pages === 1) return
  const [things, page] = format === 'TIFF' ? ['pages', '[0]'] : ['images', '']
  throw new InvalidInputError(
    field,
    `has ${pages} ${things}, and a clip is of one; save that one as a PNG: ${commandsFor(field, format, page)}`,
  )
}

const assertSize = ({ width, height }: Metadata, field: string): void => {
  if (width * height <= MAX_IMAGE_PIXELS) return
  throw new InvalidInputError(
    field,
    `has ${width}x${height} pixels, more than the ${MAX_IMAGE_PIXELS / 1e6} million that are accepted; scale it down`,
  )
}

const EIGHT_OR_SIXTEEN_BITS = ['uchar', 'ushort']

const assertDepth = ({ depth }: Metadata, format: SourceFormat, field: string): void => {
  if (EIGHT_OR_SIXTEEN_BITS.includes(depth)) return
  throw new InvalidInputError(
    field,
    `has samples of the type ${depth}; save it with 8 or 16 bits a channel, or convert it: ${commandsFor(field, format)}`,
  )
}

/** CMYK without a profile, by the formula that JPEG files of that kind get. */
const decodePlainCmyk = async (bytes: Uint8Array): Promise<RgbImage> => {
  const { data, info } = await sharp(bytes, OPTIONS)
    .autoOrient()
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return rawToRgb({ ...info, data, mode: 'cmyk' })
}

/** Upright, in sRGB by its profile if it has one, the high byte of 16 bits, without alpha. */
const decode = async (bytes: Uint8Array): Promise<RgbImage> => {
  const { data, info } = await sharp(bytes, OPTIONS)
    .autoOrient()
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return rawToRgb({ ...info, data, mode: info.channels < 3 ? 'grey' : 'rgb' })
}

const readHeader = async (bytes: Uint8Array, format: SourceFormat, field: string): Promise<Metadata> => {
  if (isImageSequence(bytes)) {
    throw new InvalidInputError(field, 'is an animation; give one of its frames as a still image')
  }
  const metadata = await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata()
  assertSize(metadata, field)
  assertOneImage(metadata, format, field)
  assertDepth(metadata, format, field)
  return metadata
}

const readImage = async (bytes: Uint8Array, format: SourceFormat, field: string): Promise<RgbImage> => {
  const metadata = await readHeader(bytes, format, field)
  const isPlainCmyk = metadata.space === 'cmyk' && metadata.hasProfile !== true && metadata.depth === 'uchar'
  return isPlainCmyk ? await decodePlainCmyk(bytes) : await decode(bytes)
}

/** The prebuilt sharp has a decoder for AV1 and none for HEVC; one that is built from source may have it. */
const faultOf = (error: unknown, format: SourceFormat, field: string): string => {
  const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').trim() : String(error)
  const convert = `convert it to PNG: ${commandsFor(field, format)}`
  return format === 'HEIC'
    ? `is an HEIC, which the installed sharp does not decode; ${convert}`
    : `is a damaged or cut-off ${format}, or of a kind that cannot be read (${reason}); ${convert}`
}

type ReadSource<T> = (bytes: Uint8Array, format: SourceFormat, field: string) => Promise<T>

/** The same reader, for files of users alone: its errors say what to do about the file. */
const forUsers =
  <T>(read: ReadSource<T>): ReadSource<T> =>
  async (bytes, format, field) => {
    assertName(field, format)
    if (bytes.length > MAX_SOURCE_BYTES) {
      throw new InvalidInputError(
        field,
        `has ${bytes.length} bytes, more than the ${MAX_SOURCE_BYTES} that are converted; scale it down`,
      )
    }
    allowLoaders()
    try {
      return await read(bytes, format, field)
    } catch (error) {
      if (error instanceof InvalidInputError) throw error
      throw new InvalidInputError(field, faultOf(error, format, field), { cause: error })
    }
  }

/**
 * An image of a user's own file, which is an AVIF, TIFF or HEIC: upright, in sRGB. `field`: the file's name.
 *
 * - 16 bits a channel: the high byte. Alpha is dropped. Both as for PNG.
 * - An embedded profile is converted to sRGB, because the PNG that is made has none. CMYK without a profile is converted
 *   as Pillow does.
 *
 * @throws InvalidInputError (`field`) with a command that converts the file, if the installed sharp does not read it, and
 * if it is too large, an animation, or has several pages.
 */
export const convertImage: ReadSource<RgbImage> = forUsers(readImage)

/**
 * Width and height of the image that `convertImage` makes of a file, read from its header alone: its pixels may be cut off.
 *
 * @throws InvalidInputError (`field`) as `convertImage` does for what the header says.
 */
export const readSourceSize: ReadSource<PixelSize> = forUsers(async (bytes, format, field) => {
  const { autoOrient } = await readHeader(bytes, format, field)
  return { width: autoOrient.width, height: autoOrient.height }
})

import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeImage } from '../../../../shared/image/decode-image.ts'
import { encodePng } from '../../../../shared/image/encode-png.ts'
import type { RgbImage } from '../../../../shared/image/rgb-image.ts'
import { convertImage, readSourceSize } from '../../../../worker/client/convert/convert-image.ts'
import { sourceFormatOf } from '../../../../worker/client/convert/source-format.ts'
import { readGolden } from '../../../fixtures/golden.ts'

const golden = await readGolden('converted-images')
const tolerance: {
  readonly exact: readonly string[]
  readonly near: { readonly maxOf255: number; readonly meanOf255: number }
} = JSON.parse(golden.metadata['tolerance'] ?? '{}')

const fileBytes = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../../goldens/images/converted/${name}`, import.meta.url))

const convert = async (bytes: Uint8Array, name: string): Promise<RgbImage> => {
  const format = sourceFormatOf(bytes) ?? expect.fail(`${name} is of another format`)
  return await convertImage(bytes, format, name)
}

const converted = async (name: string): Promise<RgbImage> => convert(await fileBytes(name), name)

describe('convertImage reads the exact upright pixels of', () => {
  test.each(tolerance.exact)('%s', async (name) => {
    const expected = golden.tensor<Uint8Array>(name)
    const image = await converted(name)
    expect([image.height, image.width, 3]).toEqual(expected.shape)
    expect(image.data).toEqual(expected.data)
  })
})

describe('convertImage reads the pixels of another library, within rounding, of', () => {
  test.each(golden.keys.filter((name) => !tolerance.exact.includes(name)))('%s', async (name) => {
    const expected = golden.tensor<Uint8Array>(name)
    const image = await converted(name)
    expect([image.height, image.width, 3]).toEqual(expected.shape)
    const differences = Array.from(image.data, (value, i) => Math.abs(value - (expected.data[i] ?? -1)))
    expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance.near.maxOf255)
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length
    expect(mean).toBeLessThanOrEqual(tolerance.near.meanOf255)
  })
})

test.each(golden.keys)('the header of %s has the size of its upright image', async (name) => {
  const bytes = await fileBytes(name)
  const format = sourceFormatOf(bytes) ?? expect.fail(`${name} is of another format`)
  const [height, width] = golden.tensor<Uint8Array>(name).shape
  expect(await readSourceSize(bytes, format, name)).toEqual({ width, height })
})

test('an AVIF that is encoded as PNG is decoded to the same pixels', async () => {
  const image = await converted('turned-6.avif')
  expect(await decodeImage(await encodePng(image), 'x.png')).toEqual(image)
})

const CONVERT_HEIC =
  "sips -s format png 'a b.heic' --out 'a b.png' (macOS), heif-convert 'a b.heic' 'a b.png' (libheif) or " +
  "magick 'a b.heic' 'a b.png' (ImageMagick)"

describe('convertImage refuses, with a fix,', () => {
  test.each([
    [
      'refused-hevc.heic',
      'a b.heic',
      `a b.heic: is an HEIC, which the installed sharp does not decode; convert it to PNG: ${CONVERT_HEIC}`,
    ],
    [
      'refused-pages.tif',
      'in/x.tif',
      'in/x.tif: has 2 pages, and a clip is of one; save that one as a PNG: ' +
        "magick 'in/x.tif[0]' in/x.png (ImageMagick)",
    ],
    ['refused-animated.avif', 'x.avif', 'x.avif: is an animation; give one of its frames as a still image'],
    [
      'refused-float.tif',
      'x.tif',
      'x.tif: has samples of the type float; save it with 8 or 16 bits a channel, or convert it: ' +
        'magick x.tif x.png (ImageMagick)',
    ],
    [
      'rgb.tiff',
      'DSC_1.NEF',
      "DSC_1.NEF: is a TIFF by its first bytes, but its name ends with '.NEF'; export a raw file of a camera as PNG, " +
        'JPEG or TIFF, and rename another file to .tif',
    ],
  ])('the file %s with the name %s', async (file, name, message) => {
    await expect(convert(await fileBytes(file), name)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message,
    })
  })

  test('a file that is cut off', async () => {
    const cut = (await fileBytes('lossless.avif')).subarray(0, 1000)
    await expect(convert(cut, 'x.avif')).rejects.toThrow(
      /^x\.avif: is a damaged or cut-off AVIF, or of a kind that cannot be read \(.+\); convert it to PNG: sips /,
    )
  })

  test('an image with more pixels than are accepted', async () => {
    // Only the header has this size. The file has no such pixels.
    const bytes = await fileBytes('rgb-16-bit.tif')
    const widthAt = bytes.indexOf(Buffer.from('00010300010000000d000000', 'hex')) + 8
    const large = Buffer.from(bytes)
    large.writeUInt16LE(50_000, widthAt)
    const heightAt = bytes.indexOf(Buffer.from('01010300010000000b000000', 'hex')) + 8
    large.writeUInt16LE(50_000, heightAt)
    await expect(convert(large, 'x.tif')).rejects.toThrow(
      'x.tif: has 50000x50000 pixels, more than the 100 million that are accepted; scale it down',
    )
  })
})

describe('after a conversion, libvips', () => {
  beforeAll(async () => {
    await converted('rgb.tiff')
  })

  test('loads no format except those of ingest, AVIF and TIFF', async () => {
    const gif = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .gif()
      .toBuffer()
    await expect(sharp(gif).metadata()).rejects.toThrow('unsupported image format')
  })

  test('decodes neither AVIF nor TIFF for ingest', async () => {
    await expect(decodeImage(await fileBytes('rgb.tiff'), 'image')).rejects.toThrow(
      'image: is a TIFF; PNG, JPEG',
    )
    await expect(decodeImage(await fileBytes('lossless.avif'), 'image')).rejects.toThrow(
      'image: is an HEIC, AVIF',
    )
  })
})

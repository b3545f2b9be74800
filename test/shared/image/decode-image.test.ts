import { readFile } from 'node:fs/promises'
import { crc32, deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { decodeImage, MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { readGolden } from '../../fixtures/golden.ts'

const golden = await readGolden('image-formats')

const fileBytes = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../../goldens/images/formats/${name}`, import.meta.url))

describe("decodeImage returns the bytes of diffusers' load_image", () => {
  test.each(golden.keys.toSorted())('for %s', async (name) => {
    const expected = golden.tensor<Uint8Array>(name)
    const image = await decodeImage(await fileBytes(name), 'image')
    expect([image.height, image.width, 3]).toEqual(expected.shape)
    expect(image.data).toEqual(expected.data)
  })
})

const metadata = await readGolden('image-metadata')

describe('decodeImage rotates an image by its metadata as diffusers does', () => {
  test.each(metadata.keys.filter((key) => !key.startsWith('file:')).toSorted())('for %s', async (name) => {
    const expected = metadata.tensor<Uint8Array>(name)
    const image = await decodeImage(metadata.tensor<Uint8Array>(`file:${name}`).data, 'image')
    expect([image.height, image.width, 3]).toEqual(expected.shape)
    expect(image.data).toEqual(expected.data)
  })
})

const pngChunk = (name: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  return chunk
}

interface PngParts {
  readonly width?: number
  readonly height?: number
  readonly before?: Uint8Array
  readonly after?: Uint8Array
}

const BLACK_ROW = [0, 0, 0, 0]

/** A black PNG one pixel wide, or one that claims a size and holds next to nothing. */
const aPng = ({
  width = 1,
  height = 1,
  before = Buffer.alloc(0),
  after = Buffer.alloc(0),
}: PngParts): Buffer => {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    before,
    pngChunk('IDAT', deflateSync(Uint8Array.from(BLACK_ROW))),
    after,
    pngChunk('IEND', new Uint8Array(0)),
  ])
}

const hugePng = (width: number, height: number): Buffer => aPng({ width, height })

const rawExif = (text: Uint8Array): Buffer =>
  pngChunk('zTXt', Buffer.concat([Buffer.from('Raw profile type exif\0\0'), deflateSync(text)]))

const wrongChecksum = (chunk: Buffer): Buffer =>
  Buffer.concat([chunk.subarray(0, -1), Buffer.of(~chunk.at(-1)!)])

const refusal = async (bytes: Uint8Array): Promise<string> => {
  try {
    await decodeImage(bytes, 'photo.png')
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError)
    return (error as Error).message
  }
  return expect.fail('the image was accepted')
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

describe('decodeImage refuses a file in one sentence', () => {
  test.each([
    ['an empty file', new Uint8Array(0), /^photo\.png: is empty \(0 bytes\)/],
    [
      'text',
      text('hello'),
      /^photo\.png: is not an image that can be read; PNG, JPEG and WebP are accepted$/,
    ],
    [
      'SVG',
      text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      /is an SVG; .* convert it first/,
    ],
    ['SVG after a prologue', text('<?xml version="1.0"?>\n<!-- x -->\n<svg/>'), /is an SVG/],
    ['HEIC', text('\0\0\0\x18ftypheic'), /is an HEIC, AVIF or video file/],
    ['PDF', text('%PDF-1.7'), /is a PDF/],
    ['a signature alone', Uint8Array.of(0xff, 0xd8, 0xff), /is a damaged or cut-off JPEG file/],
    [
      'a PNG of 50,000 x 50,000',
      hugePng(50_000, 50_000),
      /has 50000x50000 pixels, more than the 100 million/,
    ],
    ['a PNG with too few pixels in it', hugePng(64, 64), /is a damaged or cut-off PNG file/],
    [
      'a PNG whose EXIF was damaged on its way',
      aPng({ before: wrongChecksum(pngChunk('eXIf', text('II*\0'))) }),
      /is a damaged or cut-off PNG file \(the checksum of its eXIf chunk is wrong\); save it again$/,
    ],
    [
      'a PNG that ends inside its EXIF',
      aPng({ after: pngChunk('eXIf', text('II*\0')) }).subarray(0, -18),
      /is a damaged or cut-off PNG file \(the file ends inside its eXIf chunk\); save it again$/,
    ],
    [
      'a PNG whose EXIF is larger than Pillow reads',
      aPng({ after: rawExif(new Uint8Array(2 ** 20 + 1)) }),
      /is a damaged or cut-off PNG file \(a text takes more than 1048576 bytes, more than Pillow reads\)/,
    ],
    [
      'a small PNG whose texts take 65 MiB',
      aPng({ after: Buffer.concat(Array(65).fill(rawExif(new Uint8Array(2 ** 20)))) }),
      /is a damaged or cut-off PNG file \(texts take more than 67108864 bytes/,
    ],
    ['too many bytes', new Uint8Array(MAX_IMAGE_BYTES + 1), /has 64\.0 MiB, more than the 64\.0 MiB/],
  ])('for %s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message)
  })

  test.each([
    ['animated.gif', /is a GIF/],
    ['animated.webp', /is an animation; give one of its frames/],
    ['animated.png', /is an animation/],
    ['still.tiff', /is a TIFF/],
    ['still.bmp', /is a BMP/],
  ])('for %s', async (name, message) => {
    expect(await refusal(await fileBytes(name))).toMatch(message)
  })

  test.each(['rgb.png', 'rgb-420.jpg', 'progressive.jpg', 'lossy.webp', 'lossless.webp'])(
    'for a part of %s',
    async (name) => {
      const whole = await fileBytes(name)
      for (const share of [0.3, 0.6, 0.9]) {
        const message = await refusal(whole.subarray(0, Math.floor(whole.length * share)))
        expect(message).toMatch(/is a damaged or cut-off (PNG|JPEG|WebP) file \(.+\); save it again$/)
      }
    },
  )
})

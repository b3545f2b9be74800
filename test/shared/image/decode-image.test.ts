import { readFile } from 'node:fs/promises'
import { crc32, deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { decodeImage, MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { readGolden } from '../../fixtures/golden.ts'

const golden = await readGolden('image-formats')

const fileBytes = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../../goldens/images/formats/${name}`, import.meta.url))

describe("a file becomes the bytes of diffusers' load_image", () => {
  test.each(golden.keys.toSorted())('%s', async (name) => {
    const expected = golden.tensor<Uint8Array>(name)
    const image = await decodeImage(await fileBytes(name), 'image')
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

/** A PNG that claims a size and holds next to nothing. */
const hugePng = (width: number, height: number): Buffer => {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(new Uint8Array(10))),
    pngChunk('IEND', new Uint8Array(0)),
  ])
}

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

describe('what is no picture is refused in one sentence', () => {
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
    ['too many bytes', new Uint8Array(MAX_IMAGE_BYTES + 1), /has 64\.0 MiB, more than the 64\.0 MiB/],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message)
  })

  test.each([
    ['animated.gif', /is a GIF/],
    ['animated.webp', /is an animation; give one of its frames/],
    ['animated.png', /is an animation/],
    ['still.tiff', /is a TIFF/],
    ['still.bmp', /is a BMP/],
  ])('%s', async (name, message) => {
    expect(await refusal(await fileBytes(name))).toMatch(message)
  })

  test.each(['rgb.png', 'rgb-420.jpg', 'progressive.jpg', 'lossy.webp', 'lossless.webp'])(
    '%s, cut off',
    async (name) => {
      const whole = await fileBytes(name)
      for (const share of [0.3, 0.6, 0.9]) {
        const message = await refusal(whole.subarray(0, Math.floor(whole.length * share)))
        expect(message).toMatch(/is a damaged or cut-off (PNG|JPEG|WebP) file \(.+\); save it again$/)
      }
    },
  )
})

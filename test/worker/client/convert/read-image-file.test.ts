import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { hashPixels } from '../../../../shared/contracts/job-id.ts'
import { decodeImage, MAX_IMAGE_BYTES } from '../../../../shared/image/decode-image.ts'
import {
  decodeImageFile,
  readImageFile,
  readImageFileSize,
} from '../../../../worker/client/convert/read-image-file.ts'
import { aPng } from '../../../fixtures/images.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const aFile = async (name: string, bytes: Uint8Array | string): Promise<string> => {
  const file = path.join(await temporaryDir(), name)
  await writeFile(file, bytes)
  return file
}

test('a file of another format is read unchanged, whether it is an image or not', async () => {
  const png = await aPng()
  expect(await readImageFile(await aFile('a.avif', png))).toEqual({
    bytes: Buffer.from(png),
    convertedFrom: null,
  })
  expect(await readImageFile(await aFile('a.tif', 'text'))).toEqual({
    bytes: Buffer.from('text'),
    convertedFrom: null,
  })
})

test.each(['turned-6.avif', 'rgba-16-bit.tif', 'cmyk.tif'])(
  '%s is decoded to the pixels of its PNG',
  async (name) => {
    const file = fileURLToPath(new URL(`../../../goldens/images/converted/${name}`, import.meta.url))
    const { bytes, convertedFrom } = await readImageFile(file)
    const decoded = await decodeImageFile(file)
    expect(decoded.image).toEqual(await decodeImage(bytes, name))
    expect(decoded).toMatchObject({ convertedFrom })
    expect(await decoded.readBytes()).toEqual(bytes)
    const { width, height } = decoded.image
    expect(await readImageFileSize(file)).toEqual({ size: { width, height }, convertedFrom })
  },
)

test('a PNG is decoded and measured as it is', async () => {
  const png = await aPng({ width: 16, height: 8 })
  const file = await aFile('a.avif', png)
  const decoded = await decodeImageFile(file)
  expect(decoded).toMatchObject({ image: await decodeImage(png, file), convertedFrom: null })
  expect(await decoded.readBytes()).toEqual(Buffer.from(png))
  expect(await readImageFileSize(file)).toEqual({ size: { width: 16, height: 8 }, convertedFrom: null })
})

test('a TIFF whose PNG has too many bytes is scaled down', async () => {
  const [width, height] = [6000, 4500]
  const data = Buffer.alloc(width * height * 3)
  // Noise, which no PNG compresses.
  for (let i = 0, state = 1; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = state >>> 24
  }
  const tiff = await sharp(data, { raw: { width, height, channels: 3 } })
    .tiff({ compression: 'none' })
    .toBuffer()
  const file = await aFile('noise.tif', tiff)
  const { bytes, convertedFrom } = await readImageFile(file)
  expect(convertedFrom).toBe('TIFF')
  expect(bytes.length).toBeLessThanOrEqual(MAX_IMAGE_BYTES)
  const image = await decodeImage(bytes, 'image')
  expect(image.width / image.height).toBeCloseTo(width / height, 2)
  expect(image.width).toBeLessThan(width)
  const decoded = await decodeImageFile(file)
  expect(hashPixels(decoded.image)).toBe(hashPixels(image))
  expect(Buffer.compare(await decoded.readBytes(), bytes)).toBe(0)
}, 60_000)

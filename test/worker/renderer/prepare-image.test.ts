import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { fitImage } from '../../../worker/pipeline/image/fit.ts'
import { type ImageToPrepare, prepareImage } from '../../../worker/renderer/prepare-image.ts'
import { readRgbFile } from '../../../worker/renderer/rgb-file.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const goldenImage = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../goldens/images/${name}`, import.meta.url)))

const prepare = async (bytes: Uint8Array, changes: Partial<ImageToPrepare> = {}) => {
  const folder = await temporaryDir()
  const { signal } = new AbortController()
  const image = { bytes, field: 'photo.jpg', width: 48, height: 32, fit: 'crop', folder, signal } as const
  return { folder, preparing: prepareImage({ ...image, ...changes }) }
}

describe('prepareImage', () => {
  test('writes the upright image and the image in the size of the clip', async () => {
    const bytes = await goldenImage('turned.jpg')
    const { folder, preparing } = await prepare(bytes)
    const { source, fitted, pixelsSha256 } = await preparing
    const upright = await decodeImage(bytes, 'photo.jpg')
    // The file holds it as 108x150, on its side.
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(source).toEqual({ path: path.join(folder, 'source.rgb'), width: 150, height: 108, sha256 })
    expect(fitted).toEqual({ path: path.join(folder, 'fitted.rgb'), width: 48, height: 32, sha256 })
    expect(pixelsSha256).toBe(hashPixels(upright))
    const read = { source: await readRgbFile(source), fitted: await readRgbFile(fitted) }
    expect(Buffer.from(read.source.data).equals(upright.data)).toBe(true)
    expect(new Uint8Array(read.fitted.data)).toEqual(fitImage(upright, 48, 32, 'crop').data)
  })

  test('fits the image in the requested way', async () => {
    const bytes = await goldenImage('wide.png')
    const [stretched, padded] = await Promise.all(
      (['fill', 'pad'] as const).map(async (fit) =>
        readRgbFile((await (await prepare(bytes, { fit })).preparing).fitted),
      ),
    )
    const source = await decodeImage(bytes, 'wide.png')
    expect(new Uint8Array(stretched!.data)).toEqual(fitImage(source, 48, 32, 'fill').data)
    expect(new Uint8Array(padded!.data)).toEqual(fitImage(source, 48, 32, 'pad').data)
  })

  test('leaves the fitting to the renderer if the clip is large', async () => {
    const size = { width: 8192, height: 8192 }
    const { folder, preparing } = await prepare(await goldenImage('turned.jpg'), size)
    expect((await preparing).fitted).toEqual({ path: path.join(folder, 'fitted.rgb'), sha256: null, ...size })
    expect(await readdir(folder)).toEqual(['source.rgb'])
  })

  test('refuses an image that cannot be decoded, and leaves no file', async () => {
    const bytes = (await goldenImage('turned.jpg')).subarray(0, 500)
    const { folder, preparing } = await prepare(bytes)
    await expect(preparing).rejects.toThrow(InvalidInputError)
    await expect(preparing).rejects.toThrow(/^photo\.jpg: is a damaged or cut-off JPEG file/)
    expect(await readdir(folder)).toEqual([])
  })

  test('prepares nothing after an abort', async () => {
    const reason = new Error('the lease was lost')
    const { folder, preparing } = await prepare(await goldenImage('wide.png'), {
      signal: AbortSignal.abort(reason),
    })
    await expect(preparing).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual([])
  })
})

test('readRgbFile refuses a file whose size does not fit the image', async () => {
  const { preparing } = await prepare(await goldenImage('wide.png'))
  const { fitted } = await preparing
  await expect(readRgbFile({ ...fitted, height: 33 })).rejects.toThrow(
    'fitted.rgb has 4608 bytes; 48x33 RGB24 takes 4752',
  )
})

test('readRgbFile refuses a file that changed after it was written', async () => {
  const { preparing } = await prepare(await goldenImage('wide.png'))
  const { fitted } = await preparing
  const bytes = await readFile(fitted.path)
  for (const damaged of [
    Buffer.alloc(bytes.length),
    Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)]),
  ]) {
    await writeFile(fitted.path, damaged)
    await expect(readRgbFile(fitted)).rejects.toThrow(
      /fitted\.rgb has SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} when/,
    )
  }
  await writeFile(fitted.path, bytes)
  expect((await readRgbFile(fitted)).width).toBe(48)
})

import path from 'node:path'
import { expect, test } from 'vitest'
import { fitImage } from '../../../worker/pipeline/image/fit.ts'
import { readClipImages } from '../../../worker/renderer/read-clip-images.ts'
import { readRgbFile, writeRgbFile } from '../../../worker/renderer/rgb-file.ts'
import { somePixels } from '../../fixtures/images.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const IMAGE = somePixels({ width: 16, height: 8 })

const readFitted = async (width: number, height: number, fittedAhead?: typeof IMAGE) => {
  const folder = await temporaryDir()
  const source = await writeRgbFile(path.join(folder, 'source.rgb'), IMAGE, unaborted)
  const file = path.join(folder, 'fitted.rgb')
  const fitted =
    fittedAhead === undefined
      ? { path: file, sha256: null, width, height }
      : await writeRgbFile(file, fittedAhead, unaborted)
  const images = await readClipImages({ source, fitted, parameters: { fit: 'crop' } }, unaborted)
  return { images, file: await readRgbFile(fitted) }
}

test('readClipImages fits the image of a large clip, and writes it for the checks', async () => {
  const { images, file } = await readFitted(2048, 2056)
  const expected = fitImage(IMAGE, 2048, 2056, 'crop')
  expect(Buffer.from(images.source.data).equals(IMAGE.data)).toBe(true)
  expect([images.fitted.width, images.fitted.height]).toEqual([2048, 2056])
  expect(Buffer.from(images.fitted.data).equals(expected.data)).toBe(true)
  expect(Buffer.from(file.data).equals(expected.data)).toBe(true)
})

test('readClipImages reads the image of a smaller clip, which was fitted before', async () => {
  const before = somePixels({ width: 32, height: 24, seed: 1 })
  const { images } = await readFitted(32, 24, before)
  expect(Buffer.from(images.fitted.data).equals(before.data)).toBe(true)
})

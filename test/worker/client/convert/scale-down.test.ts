import { describe, expect, test } from 'vitest'
import type { RgbImage } from '../../../../shared/image/rgb-image.ts'
import { decodeUploadedImage, MAX_UPLOADED_PIXELS } from '../../../../shared/image/uploaded-image.ts'
import { scaleDown } from '../../../../worker/client/convert/scale-down.ts'
import { fitImage } from '../../../../worker/pipeline/image/fit.ts'

/** An image whose first channel is `level(x, y)`. The other channels are derived from it. */
const anImage = (width: number, height: number, level: (x: number, y: number) => number): RgbImage => {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const value = level(x, y)
      data[at] = value
      data[at + 1] = 255 - value
      data[at + 2] = value >> 1
    }
  }
  return { width, height, data }
}

const largestDifference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0)

const waves = (x: number, y: number): number =>
  Math.round(127 + 60 * Math.sin(x / 40) + 60 * Math.cos(y / 25))

/** Levels that no PNG compresses: a linear congruential generator. */
const openNoise = () => {
  let state = 1
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  }
}

describe('an image is scaled down', { timeout: 120_000 }, () => {
  test('so that the clip gets the same pixels within 3 of 255', async () => {
    const large = anImage(6800, 3800, waves)
    const scaled = await scaleDown(large, 'JPEG', 'sea.jpg')
    const found = await decodeUploadedImage(scaled?.bytes ?? new Uint8Array(), 'sea.jpg')
    const { width, height } = found
    expect({ width, height }).toEqual({ width: 6688, height: 3737 })
    expect(width * height).toBeLessThanOrEqual(MAX_UPLOADED_PIXELS)
    const [before, after] = [large, found].map((image) => fitImage(image, 1024, 576, 'fill').data)
    expect(largestDifference(before ?? new Uint8Array(), after ?? new Uint8Array(1))).toBeLessThanOrEqual(3)
  })

  test('when it has few enough pixels but its PNG has more bytes than workers read', async () => {
    const noise = openNoise()
    const image = anImage(4990, 4990, () => 0)
    for (let i = 0; i < image.data.length; i++) image.data[i] = noise()
    const scaled = await scaleDown(image, 'PNG', 'noise.png')
    expect(scaled).toMatchObject({ width: 4509, height: 4509 })
  })
})

test('an image that ingest accepts stays unchanged', async () => {
  expect(await scaleDown(anImage(64, 32, waves), 'PNG', 'cup.png')).toBeNull()
})

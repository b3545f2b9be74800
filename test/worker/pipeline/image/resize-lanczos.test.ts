import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { resizeLanczos } from '../../../../worker/pipeline/image/resize-lanczos.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { pattern } from './pattern.ts'

const golden = await readGolden('image')
const { resizes = '', large_resizes: largeResizes = '' } = golden.metadata

describe("resizing gives the bytes of Pillow's LANCZOS", () => {
  test.each(JSON.parse(resizes) as [number, number, number, number][])(
    'from %dx%d to %dx%d',
    (width, height, newWidth, newHeight) => {
      const expected = golden.tensor<Uint8Array>(`resize/${width}x${height}/${newWidth}x${newHeight}`)
      const resized = resizeLanczos(pattern(width, height), newWidth, newHeight)
      expect([resized.height, resized.width, 3]).toEqual(expected.shape)
      expect(resized.data).toEqual(expected.data)
    },
  )

  test.each(Object.entries(JSON.parse(largeResizes) as Record<string, string>))(
    'of a photo: %s',
    (sizes, sha256) => {
      const [width, height, newWidth, newHeight] = sizes.split(/[x/]/).map(Number) as [
        number,
        number,
        number,
        number,
      ]
      const resized = resizeLanczos(pattern(width, height), newWidth, newHeight)
      expect(createHash('sha256').update(resized.data).digest('hex')).toBe(sha256)
    },
  )
})

test('an image of the right size is copied, not shared', () => {
  const image = pattern(6, 4)
  const same = resizeLanczos(image, 6, 4)
  expect(same).toEqual(image)
  expect(same.data.buffer).not.toBe(image.data.buffer)
})

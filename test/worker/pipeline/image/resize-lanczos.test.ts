import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { resizeLanczos } from '../../../../worker/pipeline/image/resize-lanczos.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { pattern } from './pattern.ts'

const golden = await readGolden('image')
const { resizes = '', large_resizes: largeResizes = '' } = golden.metadata

describe('resizeLanczos', () => {
  test.each(JSON.parse(resizes) as [number, number, number, number][])(
    "gives the bytes of Pillow's LANCZOS from %dx%d to %dx%d",
    (width, height, newWidth, newHeight) => {
      const expected = golden.tensor<Uint8Array>(`resize/${width}x${height}/${newWidth}x${newHeight}`)
      const resized = resizeLanczos(pattern(width, height), newWidth, newHeight)
      expect([resized.height, resized.width, 3]).toEqual(expected.shape)
      expect(resized.data).toEqual(expected.data)
    },
  )

  test.each(Object.entries(JSON.parse(largeResizes) as Record<string, string>))(
    "gives the bytes of Pillow's LANCZOS for a large image: %s",
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

test('resizeLanczos copies an image that has the right size already', () => {
  const image = pattern(6, 4)
  const same = resizeLanczos(image, 6, 4)
  expect(same).toEqual(image)
  expect(same.data.buffer).not.toBe(image.data.buffer)
})

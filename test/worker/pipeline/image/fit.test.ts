import { describe, expect, test } from 'vitest'
import { fitImage } from '../../../../worker/pipeline/image/fit.ts'
import { resizeLanczos } from '../../../../worker/pipeline/image/resize-lanczos.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { pattern } from './pattern.ts'

const golden = await readGolden('image')
const { fits: fitsJson = '' } = golden.metadata
const fits = JSON.parse(fitsJson) as [number, number, number, number][]

describe.each(['crop', 'pad'] as const)('fitImage with "%s"', (mode) => {
  test.each(fits)(
    'gives the bytes of the reference, from %dx%d to %dx%d',
    (width, height, newWidth, newHeight) => {
      const expected = golden.tensor<Uint8Array>(`${mode}/${width}x${height}/${newWidth}x${newHeight}`)
      const fitted = fitImage(pattern(width, height), newWidth, newHeight, mode)
      expect([fitted.height, fitted.width, 3]).toEqual(expected.shape)
      expect(fitted.data).toEqual(expected.data)
    },
  )
})

test('fitImage with "fill" stretches the image', () => {
  const image = pattern(20, 10)
  expect(fitImage(image, 16, 16, 'fill')).toEqual(resizeLanczos(image, 16, 16))
})

test('fitImage with "pad" keeps an image that is one pixel high', () => {
  const { data, width, height } = fitImage(
    { width: 500, height: 1, data: new Uint8Array(1500).fill(200) },
    8,
    8,
    'pad',
  )
  expect([width, height]).toEqual([8, 8])
  expect(data.filter((value) => value === 200)).toHaveLength(8 * 3)
})

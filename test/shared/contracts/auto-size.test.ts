import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { autoSize, sizeMultiple } from '../../../shared/contracts/auto-size.ts'
import { imageFit } from '../../../shared/contracts/image-fit.ts'

const SVD = { maxPixels: 1024 * 576, multiple: sizeMultiple(8) }

const sizeOf = (width: number, height: number, budget = SVD): string => {
  const size = autoSize({ width, height }, budget)
  return `${size.width}x${size.height}`
}

describe('the automatic size of a clip', () => {
  test.each([
    ['16:9', 1920, 1080, '1024x576'],
    ['9:16', 1080, 1920, '576x1024'],
    ['1:1', 3000, 3000, '768x768'],
    ['4:3', 4000, 3000, '832x640'],
    ['3:4', 3000, 4000, '640x832'],
    ['3:2', 6000, 4000, '896x576'],
    ['4:5', 1080, 1350, '640x832'],
    ['one pixel', 1, 1, '768x768'],
  ])('for an image of %s is that of the proportions', (_, width, height, size) => {
    expect(sizeOf(width, height)).toBe(size)
  })

  test("does not exceed the model's pixel budget and is a multiple of its step", () => {
    const demo = { maxPixels: 192 * 128, multiple: sizeMultiple(4) }
    expect(sizeOf(192, 128, demo)).toBe('192x128')
    expect(sizeOf(500, 500, demo)).toBe('128x128')
    expect(sizeOf(128, 192, demo)).toBe('128x192')
    expect(sizeOf(3000, 3000, { ...SVD, maxPixels: 64 * 64 })).toBe('64x64')
  })

  test('crops at most 5.5 % of images up to 4:1, and uses at least 3/4 of the pixel budget', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 8000 }),
        fc.double({ min: 0.25, max: 4, noNaN: true }),
        (side, ratio) => {
          const image = { width: Math.max(1, Math.round(side * ratio)), height: side }
          const size = autoSize(image, SVD)
          expect(size.width % 64).toBe(0)
          expect(size.height % 64).toBe(0)
          expect(size.width * size.height).toBeLessThanOrEqual(SVD.maxPixels)
          expect(size.width * size.height).toBeGreaterThanOrEqual(0.75 * SVD.maxPixels)
          expect(imageFit(image, { ...size, fit: 'crop' }).cropped).toBeLessThanOrEqual(0.055)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test("for a panorama is wider than the model's width", () => {
    const { width, height } = autoSize({ width: 10_000, height: 1_000 }, SVD)
    expect([width, height]).toEqual([1_920, 192])
  })
})

test('the automatic size of a rotated image is the rotated size', () => {
  for (const [width, height] of [
    [1920, 1080],
    [4000, 3000],
    [10_000, 1_000],
    [3, 2],
  ] as const) {
    const size = autoSize({ width, height }, SVD)
    expect(autoSize({ width: height, height: width }, SVD)).toEqual({
      width: size.height,
      height: size.width,
    })
  }
})

describe('the fit of an image', () => {
  const square = { width: 1000, height: 1000 }
  const wide = { width: 1024, height: 512 }
  test('has stretch for fill, crop for crop, and padding for pad', () => {
    expect(imageFit(square, { ...wide, fit: 'fill' })).toEqual({ stretch: 2, cropped: 0, padded: 0 })
    expect(imageFit(square, { ...wide, fit: 'crop' })).toEqual({ stretch: 1, cropped: 0.5, padded: 0 })
    expect(imageFit(square, { ...wide, fit: 'pad' })).toEqual({ stretch: 1, cropped: 0, padded: 0.5 })
    expect(imageFit(wide, { ...wide, fit: 'fill' })).toEqual({ stretch: 1, cropped: 0, padded: 0 })
  })
})

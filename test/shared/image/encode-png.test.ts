import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'

const anyImage = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain(({ width, height }) => {
    const size = { minLength: width * height * 3, maxLength: width * height * 3 }
    // Few colours too: an encoder might take a palette, or see that all is grey.
    const level = fc.oneof(fc.constantFrom(0, 128, 255), fc.integer({ min: 0, max: 255 }))
    return fc.oneof(
      fc.uint8Array(size).map((data) => ({ width, height, data })),
      fc.array(level, size).map((levels) => ({ width, height, data: Uint8Array.from(levels) })),
      level.map((grey) => ({ width, height, data: new Uint8Array(width * height * 3).fill(grey) })),
    )
  })

test('an image has the same bytes after it was encoded as PNG and decoded', async () => {
  await fc.assert(
    fc.asyncProperty(anyImage, async (image) => {
      const { width, height, data } = await decodeImage(await encodePng(image), 'image')
      expect({ width, height }).toEqual({ width: image.width, height: image.height })
      expect(Buffer.compare(data, image.data)).toBe(0)
    }),
  )
})

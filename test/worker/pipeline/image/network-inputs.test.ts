import { describe, expect, test } from 'vitest'
import { toClipInput } from '../../../../worker/pipeline/image/clip-input.ts'
import { resizeLanczos } from '../../../../worker/pipeline/image/resize-lanczos.ts'
import { toVaeInput } from '../../../../worker/pipeline/image/vae-input.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { pattern } from './pattern.ts'

const golden = await readGolden('image')
const { clip_sizes: clipSizes = '', clip_positions: clipPositions = '', tolerance = '' } = golden.metadata
const positions = JSON.parse(clipPositions) as number[]
const CLIP_TOLERANCE = (JSON.parse(tolerance) as { clip: { absolute: number } }).clip

const OPENAI_CLIP = {
  imageMean: [0.48145466, 0.4578275, 0.40821073],
  imageStd: [0.26862954, 0.26130258, 0.27577711],
}

test('toVaeInput gives an input that is bit-identical to that of the reference', () => {
  const input = toVaeInput(resizeLanczos(pattern(61, 47), 40, 24))
  expect(input.shape).toEqual(golden.tensor('vae').shape)
  expect(input.data).toEqual(golden.tensor('vae').data)
})

describe('toClipInput', () => {
  test.each(JSON.parse(clipSizes) as [number, number][])(
    'gives the input of the reference from %dx%d',
    (width, height) => {
      const { data, shape } = toClipInput(pattern(width, height), OPENAI_CLIP)
      expect(shape).toEqual([1, 3, 224, 224])
      const sample = [0, 1, 2].flatMap((c) =>
        positions.flatMap((y) => positions.map((x) => data[(c * 224 + y) * 224 + x] as number)),
      )
      const expected = golden.tensor(`clip/${width}x${height}`)
      expectClose(
        { data: sample, shape: [1, 3, positions.length, positions.length] },
        expected,
        CLIP_TOLERANCE,
      )
    },
  )

  test.each([
    [1, 1],
    [1, 300],
    [2000, 1],
  ])('also takes %dx%d, which the reference cannot resize', (width, height) => {
    const image = { width, height, data: new Uint8Array(width * height * 3).fill(255) }
    const { data } = toClipInput(image, OPENAI_CLIP)
    OPENAI_CLIP.imageMean.forEach((mean, c) => {
      const plane = data.subarray(c * 224 * 224, (c + 1) * 224 * 224)
      const white = (1 - mean) / (OPENAI_CLIP.imageStd[c] as number)
      for (const value of [plane.reduce((a, b) => Math.min(a, b)), plane.reduce((a, b) => Math.max(a, b))]) {
        expect(value).toBeCloseTo(white, 5)
      }
    })
  })
})

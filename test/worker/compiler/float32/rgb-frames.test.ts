import { describe, expect, test } from 'vitest'
import { rgbFrames } from '../../../../worker/compiler/float32/rgb-frames.ts'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { runMixedGraph, tensorOf } from '../../../fixtures/run-graph.ts'

type Layout = 'nchw' | 'nhwc'

const convert = async (x: Tensor, layout: Layout) => {
  const g = createGraph('rgb')
  const { rgb, nonFiniteValues } = rgbFrames(g, g.input('x', x.shape), layout)
  g.output('rgb', rgb)
  g.output('non_finite_values', nonFiniteValues)
  return await runMixedGraph(g, { x })
}

/** [frames, 3, H, W] → [frames, H, W, 3] */
const toNhwc = ({ data, shape: [frames = 0, channels = 0, height = 0, width = 0] }: Tensor): Tensor => {
  const pixels = height * width
  const moved = data.map((_, i) => {
    const [frame, pixel, channel] = [
      Math.floor(i / (channels * pixels)),
      Math.floor(i / channels),
      i % channels,
    ]
    return data[(frame * channels + channel) * pixels + (pixel % pixels)]!
  })
  return { data: moved, shape: [frames, height, width, channels] }
}

const inLayout = (x: Tensor, layout: Layout): Tensor => (layout === 'nchw' ? x : toNhwc(x))

const golden = await readGolden('image')
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

describe.each(['nchw', 'nhwc'] as const)('rgbFrames of %s frames', (layout) => {
  test('converts decoded values to the bytes of the reference, with halves rounded to even', async () => {
    const decoded = golden.tensor('frames/decoded')
    const [frames = 0, , height, width] = decoded.shape
    expect(await convert(inLayout(decoded, layout), layout)).toEqual({
      rgb: { data: golden.tensor<Uint8Array>('frames/rgb').data, shape: [frames, height, width, 3] },
      non_finite_values: tensorOf(Array.from({ length: frames }, () => 0)),
    })
  })

  test('counts the non-finite values of each frame, and makes only them black or white', async () => {
    // Two frames of 4x4. Pixel 7 of the first has one such value in each channel, pixel 0 of the second a NaN in green.
    const x = { data: new Float32Array(2 * 3 * 16), shape: [2, 3, 4, 4] }
    for (const [channel, value] of [nan, infinity, -infinity].entries()) x.data[channel * 16 + 7] = value
    x.data[48 + 16] = nan
    const bytes = new Uint8Array(2 * 3 * 16).fill(128)
    bytes.set([0, 255, 0], 7 * 3)
    bytes[48 + 1] = 0
    expect(await convert(inLayout(x, layout), layout)).toEqual({
      rgb: { data: bytes, shape: [2, 4, 4, 3] },
      non_finite_values: tensorOf([3, 1]),
    })
  })

  test('clips values beyond -1 and 1, and does not count them as non-finite', async () => {
    const x = tensorOf([-3.4e38, 3.4e38, 1.5], [1, 3, 1, 1])
    expect(await convert(inLayout(x, layout), layout)).toEqual({
      rgb: { data: Uint8Array.of(0, 255, 255), shape: [1, 1, 1, 3] },
      non_finite_values: tensorOf([0]),
    })
  })
})

test.each([
  ['float16[1,3,4,4]', 'nchw', 'float16', [1, 3, 4, 4]],
  ['float32[1,3,4,4]', 'nhwc', 'float32', [1, 3, 4, 4]],
  ['float32[1,4,4,4]', 'nchw', 'float32', [1, 4, 4, 4]],
  ['float32[3,4,4]', 'nchw', 'float32', [3, 4, 4]],
] as const)('rgbFrames refuses %s in the order %s', (type, layout, dtype, shape) => {
  const g = createGraph('rgb')
  expect(() => rgbFrames(g, g.input('x', shape, dtype), layout)).toThrow(
    new GraphError(`RGB frames of x ${type} in the order ${layout}`),
  )
})

import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { nhwcConv } from '../../../../worker/compiler/ops/nhwc-conv.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { channelsFirst, channelsLast, convolve2d } from '../../../fixtures/plain-arithmetic.ts'
import { IN_TYPES, runInType, someHalves } from '../../../fixtures/run-in-type.ts'

const SAME = { strides: [1, 1], pads: [1, 1, 1, 1] } as const

describe('NhwcConv', () => {
  describe.each(IN_TYPES)('in $dtype', ({ dtype, close }) => {
    test.each([
      { kernel: [3, 3], stride: 1, pads: [1, 1, 1, 1], channels: 8, size: [7, 6] },
      { kernel: [3, 3], stride: 2, pads: [1, 1, 1, 1], channels: 8, size: [4, 3] },
      { kernel: [3, 3], stride: 2, pads: [0, 0, 1, 1], channels: 8, size: [3, 3] },
      { kernel: [3, 1], stride: 1, pads: [1, 0, 1, 0], channels: 16, size: [7, 6] },
      { kernel: [2, 3], stride: 1, pads: [1, 1, 0, 1], channels: 8, size: [7, 6] },
      { kernel: [2, 3], stride: 1, pads: [0, 1, 1, 1], channels: 8, size: [7, 6] },
      { kernel: [1, 1], stride: 1, pads: [0, 0, 0, 0], channels: 8, size: [7, 6] },
      { kernel: [2, 2], stride: 1, pads: [2, 0, 1, 3], channels: 8, size: [9, 8] },
    ] as const)(
      'equals plain convolution with kernel $kernel, stride $stride and pads $pads',
      async (options) => {
        const { kernel, stride, pads, channels, size } = options
        const x = someHalves(1, [2, 7, 6, channels])
        const weight = someHalves(2, [16, ...kernel, channels])
        const { y } = await runInType(dtype, { x, weight }, (g, inputs) => {
          const made = nhwcConv(g, inputs.x, { weight: inputs.weight, strides: [stride, stride], pads })
          expect(made.shape).toEqual([2, ...size, 16])
          expect(g.nodes.at(-1)?.flops).toBe(
            2 * (2 * size[0] * size[1] * 16) * (kernel[0] * kernel[1] * channels),
          )
          return { y: made }
        })
        const zeros = { data: new Float32Array(16), shape: [16] }
        const plain = convolve2d(channelsFirst(x), channelsFirst(weight), zeros, { stride, padding: pads })
        const expected = channelsLast({ data: Float32Array.from(plain.data), shape: plain.shape })
        expectClose(y, expected, close)
      },
    )
  })

  test('states the size of its kernel, because shape inference would take it from the wrong axes', () => {
    const g = createGraph('conv')
    const options = { weight: g.input('w', [16, 2, 3, 8]), strides: [1, 2], pads: [1, 0, 0, 2] } as const
    const y = nhwcConv(g, g.input('x', [1, 4, 5, 8]), options)
    expect(y).toMatchObject({ shape: [1, 4, 3, 16], dtype: 'float32' })
    expect(g.nodes[0]).toMatchObject({
      op: 'NhwcConv',
      domain: 'com.microsoft',
      attributes: { kernel_shape: [2, 3], strides: [1, 2], pads: [1, 0, 0, 2] },
    })
  })

  test.each([
    ['for another number of channels', [1, 4, 5, 8], [16, 3, 3, 4]],
    ['with the axes in the order of Conv', [1, 4, 5, 8], [16, 8, 3, 3]],
    ['with another number of axes', [1, 4, 5, 8], [16, 3, 8]],
    ['for images without a height', [4, 5, 8], [16, 3, 3, 8]],
  ])('refuses a kernel %s, and names it', (_, shape, kernel) => {
    const g = createGraph('conv')
    expect(() => nhwcConv(g, g.input('x', shape), { ...SAME, weight: g.input('w', kernel) })).toThrow(
      new GraphError(`NhwcConv of x float32[${shape}] with w float32[${kernel}]`),
    )
  })

  test('refuses a kernel larger than the padded image', () => {
    const g = createGraph('conv')
    const options = { weight: g.input('w', [8, 3, 3, 8]), strides: [1, 1], pads: [0, 0, 0, 0] } as const
    expect(() => nhwcConv(g, g.input('x', [1, 2, 7, 8]), options)).toThrow(
      new GraphError('conv: NhwcConv(float32[1,2,7,8], float32[8,3,3,8]) would give [1,0,5,8]'),
    )
  })
})

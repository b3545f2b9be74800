import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { convolve2d } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

describe('conv', () => {
  test.each([
    { padding: [0, 0, 0, 0], stride: 1, size: [5, 4] },
    { padding: [1, 1, 1, 1], stride: 1, size: [7, 6] },
    { padding: [1, 1, 1, 1], stride: 2, size: [4, 3] },
    { padding: [0, 0, 1, 1], stride: 2, size: [3, 3] },
    { padding: [2, 0, 1, 3], stride: 1, size: [8, 7] },
  ] as const)(
    'gives images of size $size with padding $padding and stride $stride',
    async ({ padding, stride, size }) => {
      const x = someTensor(1, [2, 3, 7, 6])
      const weight = someTensor(2, [4, 3, 3, 3])
      const bias = someTensor(3, [4])
      const g = createGraph('conv')
      const y = conv(g, g.input('x', x.shape), {
        weight: g.input('weight', weight.shape),
        bias: g.input('bias', bias.shape),
        strides: [stride, stride],
        pads: padding,
      })
      g.output('y', y)
      expect(y.shape).toEqual([2, 4, ...size])
      const expected = convolve2d(x, weight, bias, { stride, padding })
      expectClose((await runGraph(g, { x, weight, bias }))['y']!, expected, { absolute: 1e-5 })
    },
  )

  test('counts two FLOPs per kernel element, input channel and output element', () => {
    const g = createGraph('conv')
    const weight = g.input('weight', [4, 3, 3, 1])
    conv(g, g.input('x', [2, 3, 7, 6]), { weight, bias: null, strides: [1, 1], pads: [1, 0, 1, 0] })
    expect(g.nodes[0]?.flops).toBe(2 * (2 * 4 * 7 * 6) * (3 * 3 * 1))
  })

  test.each([
    ['another number of channels', [4, 2, 3, 3]],
    ['another number of axes', [4, 3, 3]],
  ])('refuses a kernel with %s, and names it', (_, shape) => {
    const g = createGraph('conv')
    const options = { weight: g.input('kernel', shape), bias: null, strides: [1, 1], pads: [1, 1, 1, 1] }
    expect(() => conv(g, g.input('x', [2, 3, 7, 6]), options)).toThrow(
      new GraphError(`Conv of x float32[2,3,7,6] with kernel float32[${shape}]`),
    )
  })

  test('refuses a kernel larger than the padded image, and names the layer', () => {
    const g = createGraph('conv')
    const options = { weight: g.input('w', [4, 3, 3, 3]), bias: null, strides: [1, 1], pads: [0, 0, 0, 0] }
    expect(() => g.within('encoder.conv_in', () => conv(g, g.input('x', [1, 3, 2, 7]), options))).toThrow(
      new GraphError('encoder.conv_in: Conv(float32[1,3,2,7], float32[4,3,3,3]) would give [1,4,0,5]'),
    )
  })
})

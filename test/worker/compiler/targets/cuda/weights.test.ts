import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../../worker/compiler/graph/value.ts'
import { preparationNodes } from '../../../../../worker/compiler/graph/weight-preparation.ts'
import { padMapChannels } from '../../../../../worker/compiler/targets/cuda/convolution.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import {
  channelsLastKernel,
  paddedBias,
  paddedChannels,
  storedKernel,
} from '../../../../../worker/compiler/targets/cuda/weights.ts'
import type { Target } from '../../../../../worker/compiler/targets/target.ts'
import { openWeights, type Weights } from '../../../../../worker/compiler/weights/weights.ts'
import type { Tensor } from '../../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { channelsFirst, channelsLast, convolve2d } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph, tensorOf } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const half: Target = cudaTarget('float16')
const single: Target = cudaTarget('float32')

/** The tensors that a graph computes from weights alone. */
const prepared = async (
  given: Readonly<Record<string, Tensor>>,
  record: (g: Graph, w: Weights) => Value,
): Promise<Tensor> => {
  const g = createGraph('weights')
  g.output('y', record(g, await storedWeights(given)))
  return (await runGraph(g, {}))['y']!
}

test.each([
  [1, 8],
  [3, 8],
  [8, 8],
  [9, 16],
  [320, 320],
])('%i channels are padded to %i', (channels, padded) => {
  expect(paddedChannels(channels)).toBe(padded)
})

describe('a linear layer of a float16 checkpoint', () => {
  test('reads the stored bytes, so that no node prepares a weight or a bias', () => {
    const g = createGraph('linear')
    const w = openWeights('unet', null).root
    const layer = { weight: w.tensor('weight', [40, 16]), bias: w.tensor('bias', [40]) }
    const x = half.tokensFromMatrix(g, g.input('x', [6, 16]), 6)
    g.output('y', half.tokensToMatrix(g, half.linear(g, x, layer)))
    expect(preparationNodes(g).size).toBe(0)
    expect(
      g.constants.flatMap((constant) => (constant.source === 'weight' ? [constant.weight] : [])),
    ).toEqual([layer.weight, layer.bias])
    const product = g.nodes.find(({ op }) => op === 'FusedMatMul')
    expect(product?.inputs[1]).toMatchObject({ name: 'weight', dtype: 'float16', shape: [40, 16] })
  })

  test('also reads the stored bytes as a 1×1 convolution, an attention and a feed-forward', () => {
    const g = createGraph('linear')
    const w = openWeights('unet', null).root
    const linear = (name: string, out: number, into: number) => ({
      weight: w.tensor(`${name}.weight`, [out, into]),
      bias: w.tensor(`${name}.bias`, [out]),
    })
    const images = half.imagesFromNchw(g, g.input('x', [1, 320, 2, 2]), 1)
    const before = preparationNodes(g).size
    const conv = {
      weight: w.tensor('conv', [320, 320, 1, 1]),
      bias: null,
      stride: 1,
      padding: [0, 0, 0, 0],
    } as const
    const x = half.toTokens(g, half.conv2d(g, images, conv))
    const projections = { toQ: linear('q', 320, 320), toK: linear('k', 320, 320), toV: linear('v', 320, 320) }
    const mixed = half.selfAttention(g, x, { ...projections, heads: 5 })
    const layers = { proj: linear('proj', 2560, 320), out: linear('out', 320, 1280) }
    half.tokensToMatrix(g, half.feedForward(g, mixed, { ...layers, chunks: 2, residual: x }))
    expect(preparationNodes(g).size).toBe(before)
  })
})

describe('a kernel', () => {
  const kernel = someTensor(1, [4, 3, 3, 3])
  const bound = (w: Weights) => w.tensor('kernel', [4, 3, 3, 3])
  const sizes = { into: 8, out: 8, dtype: 'float32' } as const

  test('is laid out as [out, kH, kW, in], with zeros for missing channels', async () => {
    const y = await prepared({ kernel }, (g, w) => channelsLastKernel(g, g.weight(bound(w)), sizes))
    expect(y.shape).toEqual([8, 3, 3, 8])
    const data = Float32Array.from({ length: 8 * 72 }, (_, i) => {
      const [out, tap, into] = [Math.floor(i / 72), Math.floor(i / 8) % 9, i % 8]
      return out < 4 && into < 3 ? kernel.data[(out * 3 + into) * 9 + tap]! : 0
    })
    expect(y.data).toEqual(data)
  })

  test('is multiplied by a share', async () => {
    const exact = { into: 3, out: 4, dtype: 'float32' } as const
    const y = await prepared({ kernel }, (g, w) =>
      channelsLastKernel(g, g.weight(bound(w)), exact, g.inline(Float32Array.of(0.25), [1])),
    )
    expect(y).toEqual({ data: channelsLast(kernel).data.map((x) => x / 4), shape: [4, 3, 3, 3] })
  })

  test('can be limited to the input channels that a map has', async () => {
    const y = await prepared({ kernel }, (g, w) =>
      storedKernel(g, { weight: bound(w), inChannels: { from: 1, to: 3 } }),
    )
    const data = kernel.data.filter((_, i) => Math.floor(i / 9) % 3 > 0)
    expect(y).toEqual({ data, shape: [4, 2, 3, 3] })
  })

  test('has a bias that is padded with zeros and multiplied by the share', async () => {
    const bias = tensorOf([1, 2, 3])
    const plain = await prepared({ bias }, (g, w) => paddedBias(g, w.tensor('bias', [3]), 8, 'float32'))
    expect([...plain.data]).toEqual([1, 2, 3, 0, 0, 0, 0, 0])
    const weighed = await prepared({ bias }, (g, w) =>
      paddedBias(g, w.tensor('bias', [3]), 3, 'float32', g.inline(Float32Array.of(0.5), [1])),
    )
    expect([...weighed.data]).toEqual([0.5, 1, 1.5])
  })
})

describe('a map', () => {
  test.each([1, 3, 4, 5, 8, 12])(
    'of %i channels repeats them up to a multiple of eight',
    async (channels) => {
      const g = createGraph('map')
      const x = someTensor(1, [2, 3, channels])
      const y = padMapChannels(g, g.input('x', x.shape))
      g.output('y', y)
      const padded = paddedChannels(channels)
      expect(y.shape).toEqual([2, 3, padded])
      const data = Float32Array.from(
        { length: 6 * padded },
        (_, i) => x.data[Math.floor(i / padded) * channels + ((i % padded) % channels)]!,
      )
      expect((await runGraph(g, { x }))['y']!.data).toEqual(data)
    },
  )

  test('of eight channels is unchanged', () => {
    const g = createGraph('map')
    const x = g.input('x', [2, 3, 8])
    expect(padMapChannels(g, x)).toBe(x)
  })

  test.each([1, 3, 4, 5, 8, 12])(
    'of %i channels gives the same convolution as without the repeated channels',
    async (channels) => {
      const x = someTensor(1, [2, channels, 4, 3])
      const given = { weight: someTensor(2, [channels, channels, 3, 3]), bias: someTensor(3, [channels]) }
      const w = await storedWeights(given)
      const conv = {
        weight: w.tensor('weight', given.weight.shape),
        bias: w.tensor('bias', given.bias.shape),
        stride: 1,
        padding: [1, 1, 1, 1],
      } as const
      const g = createGraph('conv')
      const images = single.imagesFromNchw(g, g.input('x', x.shape), 2)
      const twice = single.conv2d(g, single.conv2d(g, images, conv), conv)
      expect(twice.channels).toBe(channels)
      g.output('y', single.imagesToNchw(g, twice))
      const plain = (before: Tensor): Tensor => {
        const { data, shape } = convolve2d(before, given.weight, given.bias, {
          stride: 1,
          padding: [1, 1, 1, 1],
        })
        return { data: Float32Array.from(data), shape }
      }
      expectClose((await runGraph(g, { x }))['y']!, plain(plain(x)), { relativeToScale: 2e-6 })
    },
  )

  test('is unchanged after channelsLast and channelsFirst', () => {
    const x = someTensor(1, [2, 3, 4, 5])
    expect(channelsFirst(channelsLast(x))).toEqual(x)
  })
})

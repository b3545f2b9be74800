import { describe, expect, test } from 'vitest'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import {
  type GroupNormAttributes,
  groupNorm,
  hasGroupNormKernel,
  skipGroupNorm,
} from '../../../../worker/compiler/ops/group-norm.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../fixtures/close.ts'
import {
  channelsFirst,
  channelsLast,
  normalizeGroups,
  plainSilu,
} from '../../../fixtures/plain-arithmetic.ts'
import { IN_TYPES, runInType, someHalves } from '../../../fixtures/run-in-type.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

const EPSILON = 0.01
const ACTIVATIONS = ['none', 'silu'] as const

interface Norm {
  readonly groups: number
  readonly activation: 'none' | 'silu'
}

const affineOf = (channels: number) => ({
  gamma: someTensor(11, [channels]),
  beta: someTensor(12, [channels]),
})

const attributesIn = (g: Graph, channels: number, norm: Norm): GroupNormAttributes => {
  const { gamma, beta } = affineOf(channels)
  return {
    ...norm,
    gamma: g.inline(Float32Array.from(gamma.data), [channels]),
    beta: g.inline(Float32Array.from(beta.data), [channels]),
    epsilon: EPSILON,
  }
}

/** Group norm of x [N, H, W, C] in plain arithmetic. */
const plainGroupNorm = (x: Tensor, { groups, activation }: Norm): Tensor => {
  const { gamma: weight, beta: bias } = affineOf(x.shape[3]!)
  const options = { weight, bias, groups, epsilon: EPSILON, framesTogether: 1 }
  const nchw = channelsFirst(x)
  const numbers = normalizeGroups(nchw, options)
  const data = Float32Array.from(activation === 'silu' ? numbers.map(plainSilu) : numbers)
  return channelsLast({ data, shape: nchw.shape })
}

const mapped = (x: Tensor, sum: (value: number, index: number) => number): Tensor => ({
  data: x.data.map(sum),
  shape: x.shape,
})

describe('hasGroupNormKernel', () => {
  test.each([
    [64, 32, true],
    [320, 32, true],
    [2560, 32, true],
    [32, 32, false],
    [96, 32, false],
    [160, 32, false],
    [48, 32, false],
  ])(
    'is true only for an even number of channels in a group: %i channels in %i groups, %s',
    (channels, groups, has) => {
      expect(hasGroupNormKernel(channels, groups)).toBe(has)
    },
  )
})

describe.each(IN_TYPES)('in $dtype', ({ dtype, close }) => {
  test.each(
    [64, 320, 1280].flatMap((channels) => ACTIVATIONS.map((activation) => [channels, activation] as const)),
  )(
    'GroupNorm of %i channels in 32 groups normalizes each image, with activation %s',
    async (channels, activation) => {
      const x = someHalves(1, [2, 3, 2, channels], 4)
      const norm = { groups: 32, activation }
      const { y } = await runInType(dtype, { x }, (g, inputs) => ({
        y: groupNorm(g, inputs.x, attributesIn(g, channels, norm)),
      }))
      expectClose(y, plainGroupNorm(x, norm), close)
    },
  )

  const SHAPE = [2, 3, 2, 64] as const
  const x = someHalves(1, SHAPE)
  const bias = someHalves(2, [64])
  const norm = { groups: 32, activation: 'silu' } as const
  /** Sums of three such numbers are not rounded here, so that the result does not depend on their order. */
  const coarse = (tensor: Tensor): Tensor => mapped(tensor, (value) => Math.round(value * 64) / 64)

  test.each([
    ['each pixel', SHAPE, (index: number) => index],
    ['each image', [2, 64] as const, (index: number) => Math.floor(index / (6 * 64)) * 64 + (index % 64)],
  ] as const)(
    'SkipGroupNorm adds a skip for %s and the bias, and also returns the sum',
    async (_, shape, from) => {
      const given = { x: coarse(x), skip: coarse(someHalves(3, shape)), bias: coarse(bias) }
      const record = (g: Graph, inputs: Readonly<Record<keyof typeof given, Value>>) => {
        const options = attributesIn(g, 64, norm)
        const biased = skipGroupNorm(g, inputs.x, { skip: inputs.skip, bias: inputs.bias }, options)
        const unbiased = skipGroupNorm(g, inputs.x, { skip: inputs.skip, bias: null }, options)
        return { ...biased, unbiased: unbiased.normalized, unbiasedSum: unbiased.sum }
      }
      const results = await runInType(dtype, given, record)
      const unbiased = mapped(given.x, (value, i) => value + given.skip.data[from(i)]!)
      const biased = mapped(unbiased, (value, i) => value + given.bias.data[i % 64]!)
      expect(results.sum).toEqual(biased)
      expect(results.unbiasedSum).toEqual(unbiased)
      expectClose(results.normalized, plainGroupNorm(biased, norm), close)
      expectClose(results.unbiased, plainGroupNorm(unbiased, norm), close)
    },
  )
})

describe('a recorded group norm', () => {
  const parameters = (g: Graph, channels: number): GroupNormAttributes => ({
    gamma: g.input('gamma', [channels]),
    beta: g.input('beta', [channels]),
    groups: 32,
    epsilon: 0.25,
    activation: 'silu',
  })

  test('has epsilon, groups, activation and layout as attributes', () => {
    const g = createGraph('norm')
    const x = g.input('x', [1, 2, 3, 64], 'float16')
    expect(groupNorm(g, x, parameters(g, 64))).toMatchObject({ shape: x.shape, dtype: 'float16' })
    groupNorm(g, x, { ...parameters(createGraph('other'), 64), activation: 'none' })
    expect(g.nodes.map(({ attributes }) => attributes)).toEqual([
      { groups: 32, epsilon: { float: 0.25 }, activation: 1, channels_last: 1 },
      { groups: 32, epsilon: { float: 0.25 }, activation: 0, channels_last: 1 },
    ])
  })

  test.each([
    ['an odd number of channels in a group', [1, 2, 3, 96]],
    ['a number of channels that the groups do not divide', [1, 2, 3, 80]],
    ['another number of axes', [2, 3, 64]],
  ])('is refused for %s', (_, shape) => {
    const g = createGraph('norm')
    const x = g.input('x', shape)
    const rule = 'it takes [N, H, W, C] with an even number of channels a group'
    const message = (op: string) => new GraphError(`${op} of x float32[${shape}] in 32 groups: ${rule}`)
    const options = parameters(g, shape.at(-1)!)
    expect(() => groupNorm(g, x, options)).toThrow(message('GroupNorm'))
    expect(() => skipGroupNorm(g, x, { skip: x, bias: null }, options)).toThrow(message('SkipGroupNorm'))
  })

  test.each([
    ['in float16', [64], 'float16'],
    ['for another number of channels', [32], 'float32'],
  ] as const)('is refused with a gamma or beta %s', (_, shape, dtype) => {
    for (const name of ['gamma', 'beta']) {
      const g = createGraph('norm')
      const x = g.input('x', [1, 2, 3, 64], 'float16')
      const options = { ...parameters(g, 64), [name]: g.input('wrong', shape, dtype) }
      expect(() => groupNorm(g, x, options)).toThrow(
        new GraphError(`GroupNorm of float16[1,2,3,64] cannot take wrong ${dtype}[${shape}]`),
      )
    }
  })

  test.each([
    ['a skip for another number of images', [3, 64], [64], 'float32[3,64] and float32[64]'],
    ['a skip [N, 1, 1, C]', [2, 1, 1, 64], null, 'float32[2,1,1,64] and -'],
    ['a bias for another number of channels', [2, 64], [32], 'float32[2,64] and float32[32]'],
  ])('is refused as SkipGroupNorm with %s', (_, skip, bias, given) => {
    const g = createGraph('norm')
    const addends = { skip: g.input('skip', skip), bias: bias === null ? null : g.input('bias', bias) }
    expect(() => skipGroupNorm(g, g.input('x', [2, 2, 3, 64]), addends, parameters(g, 64))).toThrow(
      new GraphError(`SkipGroupNorm of x float32[2,2,3,64] cannot add ${given}`),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { normalizeRuns } from '../../../fixtures/plain-arithmetic.ts'
import { IN_TYPES, runInType, someHalves } from '../../../fixtures/run-in-type.ts'

const EPSILON = 0.01
const SHAPE = [3, 2, 40] as const
const PARAMETERS = { gamma: someHalves(1, [40]), beta: someHalves(2, [40]), bias: someHalves(3, [40]) }

describe.each(IN_TYPES)('SkipLayerNormalization in $dtype', ({ dtype, close }) => {
  test.each([
    ['each token', SHAPE, (index: number) => index],
    ['each position of every sequence', [1, 2, 40] as const, (index: number) => index % 80],
  ] as const)('adds a skip for %s and the bias, and also returns the sum', async (_, shape, from) => {
    // Sums of multiples of 1/64 are not rounded here, so that the result does not depend on their order.
    const coarse = (seed: number, size: readonly number[]) => ({
      data: someHalves(seed, size).data.map((value) => Math.round(value * 64) / 64),
      shape: size,
    })
    const given = { ...PARAMETERS, x: coarse(4, SHAPE), skip: coarse(5, shape), bias: coarse(6, [40]) }
    const record = (
      g: Graph,
      { x, skip, bias, gamma, beta }: Readonly<Record<keyof typeof given, Value>>,
    ) => {
      const options = { skip, gamma, beta, epsilon: EPSILON }
      const biased = skipLayerNorm(g, x, { ...options, bias })
      const unbiased = skipLayerNorm(g, x, { ...options, bias: null })
      return { ...biased, unbiased: unbiased.normalized, unbiasedSum: unbiased.sum }
    }
    const results = await runInType(dtype, given, record)
    const unbiased = given.x.data.map((value, i) => value + given.skip.data[from(i)]!)
    const biased = unbiased.map((value, i) => value + given.bias.data[i % 40]!)
    const normalized = (sum: Float32Array) => ({
      data: normalizeRuns(sum, 40, EPSILON).map(
        (value, i) => value * given.gamma.data[i % 40]! + given.beta.data[i % 40]!,
      ),
      shape: SHAPE,
    })
    expect(results.sum).toEqual({ data: biased, shape: SHAPE })
    expect(results.unbiasedSum).toEqual({ data: unbiased, shape: SHAPE })
    expectClose(results.normalized, normalized(biased), close)
    expectClose(results.unbiased, normalized(unbiased), close)
  })
})

describe('SkipLayerNormalization', () => {
  const options = (g: Graph, skip: readonly number[]) => ({
    skip: g.input('skip', skip),
    bias: g.input('bias', [40]),
    gamma: g.input('gamma', [40]),
    beta: g.input('beta', [40]),
    epsilon: 0.25,
  })

  test('has the sum as its fourth output, and infers both shapes', () => {
    const g = createGraph('norm')
    const made = skipLayerNorm(g, g.input('x', SHAPE), options(g, SHAPE))
    expect(made.normalized).toMatchObject({ shape: SHAPE, dtype: 'float32' })
    expect(made.sum).toMatchObject({ shape: SHAPE, dtype: 'float32' })
    expect(g.nodes[0]).toMatchObject({
      domain: 'com.microsoft',
      outputSlots: [0, 3],
      attributes: { epsilon: { float: 0.25 } },
    })
    expect(g.nodes[0]?.inputs.map((value) => value?.name)).toEqual(['x', 'skip', 'gamma', 'beta', 'bias'])
  })

  test.each([
    ['a skip of one token', SHAPE, [1, 1, 40]],
    ['a skip for each sequence', SHAPE, [3, 1, 40]],
    ['a skip of two axes', SHAPE, [2, 40]],
    ['tokens of two axes', [6, 40], [6, 40]],
  ])('refuses %s', (_, x, skip) => {
    const g = createGraph('norm')
    const rest = 'float32[40], float32[40], float32[40]'
    expect(() => skipLayerNorm(g, g.input('x', x), options(g, skip))).toThrow(
      new GraphError(`SkipLayerNormalization of x float32[${x}] with float32[${skip}], ${rest}`),
    )
  })

  test.each(['gamma', 'beta', 'bias'])('refuses a %s for another number of channels', (name) => {
    const g = createGraph('norm')
    const wrong = { ...options(g, SHAPE), [name]: g.input('wrong', [39]) }
    expect(() => skipLayerNorm(g, g.input('x', SHAPE), wrong)).toThrow(
      /with float32\[3,2,40\].* float32\[39\]/,
    )
  })
})

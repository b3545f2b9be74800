import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../../worker/compiler/graph/graph.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import type { Target, Tokens } from '../../../../../worker/compiler/targets/target.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { multiplyTransposed, normalizeRuns } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const target: Target = cudaTarget('float32')
const [CHANNELS, EPSILON] = [24, 0.01] as const
const CLOSE = { relativeToScale: 4e-6 }
const ADDING = ['LayerNormalization', 'SkipLayerNormalization', 'Add', 'BiasAdd']

interface Case {
  readonly tokens: number
  readonly hasBias?: boolean
  readonly hasResidual?: boolean
}

/** A linear layer, its layer norm, and the sum that the linear layer gives to a later reader. */
const run = async ({ tokens, hasBias = true, hasResidual = false }: Case) => {
  const given = {
    matrix: someTensor(1, [CHANNELS, CHANNELS]),
    bias: someTensor(2, [CHANNELS]),
    gamma: someTensor(3, [CHANNELS]),
    beta: someTensor(4, [CHANNELS]),
  }
  const w = await storedWeights(given)
  const x = someTensor(5, [tokens, CHANNELS])
  const g = createGraph('norm')
  const before = target.tokensFromMatrix(g, g.input('x', x.shape), tokens)
  const made: Tokens = target.linear(g, before, {
    weight: w.tensor('matrix', [CHANNELS, CHANNELS]),
    bias: hasBias ? w.tensor('bias', [CHANNELS]) : null,
    ...(hasResidual && { residual: before }),
  })
  const affine = { weight: w.tensor('gamma', [CHANNELS]), bias: w.tensor('beta', [CHANNELS]) }
  g.output('y', target.tokensToMatrix(g, target.layerNorm(g, made, { ...affine, epsilon: EPSILON })))
  g.output('sum', target.tokensToMatrix(g, made))
  const product = multiplyTransposed(x, given.matrix, hasBias ? given.bias : null)
  const sum = Float32Array.from(product.data, (value, i) => value + (hasResidual ? x.data[i]! : 0))
  const normalized = normalizeRuns(sum, CHANNELS, EPSILON).map(
    (value, i) => value * given.gamma.data[i % CHANNELS]! + given.beta.data[i % CHANNELS]!,
  )
  const results = await runGraph(g, { x })
  expectClose(results['sum']!, { data: sum, shape: x.shape }, CLOSE)
  expectClose(results['y']!, { data: normalized, shape: x.shape }, CLOSE)
  return g
}

describe('layerNorm of the CUDA target', () => {
  test.each([
    ['nothing', { tokens: 6, hasBias: false }, ['LayerNormalization']],
    ['a residual', { tokens: 6, hasBias: false, hasResidual: true }, ['SkipLayerNormalization']],
    ['bias and residual', { tokens: 6, hasResidual: true }, ['SkipLayerNormalization']],
    ['a bias', { tokens: 6 }, ['SkipLayerNormalization']],
    ['a bias on 15 tokens', { tokens: 15 }, ['SkipLayerNormalization']],
    ['a bias on a prime number of tokens', { tokens: 997 }, ['SkipLayerNormalization']],
  ] as const)(
    'makes the additions before it in its own node, and returns their sum: %s',
    async (_, options, ops) => {
      const g = await run(options)
      expect(g.nodes.map(({ op }) => op).filter((op) => ADDING.includes(op))).toEqual(ops)
    },
  )

  test('leaves the bias to an Add if no small number divides the tokens', async () => {
    const g = await run({ tokens: 1009 })
    expect(g.nodes.map(({ op }) => op).filter((op) => ADDING.includes(op))).toEqual([
      'Add',
      'LayerNormalization',
    ])
  })

  test('repeats a bias as few times as the number of tokens allows', async () => {
    for (const [tokens, times] of [
      [6, 2],
      [15, 3],
      [997, 997],
    ] as const) {
      const g = await run({ tokens })
      const norm = g.nodes.find(({ op }) => op === 'SkipLayerNormalization')
      expect(norm?.inputs[1]?.shape).toEqual([1, times, CHANNELS])
    }
  })
})

import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../../../../worker/compiler/graph/weight-preparation.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import { cudaLimitFaults } from '../../../../../worker/compiler/targets/cuda/limits.ts'
import { packedHeadSizesOf } from '../../../../../worker/compiler/targets/cuda/packed-attention.ts'
import type { SelfAttention, Target } from '../../../../../worker/compiler/targets/target.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const [CLIPS, FRAMES, PIXELS, HEADS, SIZE] = [2, 3, 4, 3, 4] as const
const CHANNELS = HEADS * SIZE
const X = someTensor(1, [CLIPS * FRAMES * PIXELS, CHANNELS])

const apart: Target = cudaTarget('float32')
const packed: Target = cudaTarget('float32', { packedHeadSizes: [SIZE] })

const attentionOf = async ({ isBiased = false } = {}): Promise<SelfAttention> => {
  const shape = [CHANNELS, CHANNELS]
  const given = { q: someTensor(2, shape), k: someTensor(3, shape), v: someTensor(4, shape) }
  const w = await storedWeights({ ...given, bias: someTensor(5, [CHANNELS]) })
  const bias = isBiased ? w.tensor('bias', [CHANNELS]) : null
  const layer = (name: keyof typeof given) => ({ weight: w.tensor(name, shape), bias })
  return { toQ: layer('q'), toK: layer('k'), toV: layer('v'), heads: HEADS }
}

const record = (target: Target, options: SelfAttention, order: 'spatial' | 'temporal'): Graph => {
  const g = createGraph('attention')
  const x = target.tokensFromMatrix(g, g.input('x', X.shape), CLIPS * FRAMES)
  const ordered = order === 'spatial' ? x : target.toTemporalTokens(g, x, FRAMES)
  g.output('y', target.tokensToMatrix(g, target.selfAttention(g, ordered, options)))
  return g
}

/** Ops that a session runs, but for those that only rename bytes. */
const opsOf = (graph: Graph): readonly string[] => {
  const prepared = preparationNodes(graph)
  return graph.nodes
    .filter((node) => !prepared.has(node) && !['Reshape', 'Identity'].includes(node.op))
    .map(({ op }) => op)
}

describe('packed q, k and v', () => {
  test.each(['spatial', 'temporal'] as const)(
    'give the same attention as three products, in %s order',
    async (order) => {
      const options = await attentionOf()
      const { y } = await runGraph(record(packed, options, order), { x: X })
      const expected = (await runGraph(record(apart, options, order), { x: X }))['y']!
      expectClose(y!, expected, { absolute: 2e-6 })
    },
  )

  test('are one product, whose weight no session reorders', async () => {
    const options = await attentionOf()
    expect(opsOf(record(packed, options, 'spatial'))).toEqual(['FusedMatMul', 'MultiHeadAttention'])
    expect(opsOf(record(apart, options, 'spatial'))).toEqual([
      ...['FusedMatMul', 'FusedMatMul', 'FusedMatMul', 'MultiHeadAttention'],
    ])
  })

  test.each([
    ['heads of another size', cudaTarget('float32', { packedHeadSizes: [8, 64] }), {}],
    ['projections with biases', packed, { isBiased: true }],
  ])('are not used for %s', async (_, target, layers) => {
    const options = await attentionOf(layers)
    const graph = record(target, options, 'spatial')
    expect(opsOf(graph)).toEqual(opsOf(record(apart, options, 'spatial')))
  })

  test('are not used if one tensor would have more elements than CUDA can index', async () => {
    const options = await attentionOf()
    const inputsOf = (rows: number): number | undefined => {
      const g = createGraph('large')
      const tokens = packed.tokensFromMatrix(g, g.input('x', [rows * 1024, CHANNELS]), rows)
      packed.selfAttention(g, tokens, options)
      expect(cudaLimitFaults(g)).toEqual([])
      return g.nodes.find(({ op }) => op === 'MultiHeadAttention')?.inputs.length
    }
    const most = Math.floor((2 ** 31 - 1) / (1024 * 3 * CHANNELS))
    expect([inputsOf(most), inputsOf(most + 1)]).toEqual([1, 3])
  })

  test('are split if they have more sequences than one attention takes', async () => {
    const options = await attentionOf()
    const g = createGraph('many')
    packed.selfAttention(g, packed.tokensFromMatrix(g, g.input('x', [65_537 * 2, CHANNELS]), 65_537), options)
    const attentions = g.nodes.filter(({ op }) => op === 'MultiHeadAttention')
    expect(attentions.map(({ inputs }) => inputs.map((value) => value?.shape))).toEqual([
      [[32_769, 2, HEADS, 3, SIZE]],
      [[32_768, 2, HEADS, 3, SIZE]],
    ])
  })
})

test('packedHeadSizesOf returns the head sizes of the fused kernels on sm_75, and none elsewhere', () => {
  expect(packedHeadSizesOf(75)).toEqual([32, 64])
  for (const other of [null, 80, 86, 89, 90, 120])
    expect([other, packedHeadSizesOf(other)]).toEqual([other, []])
})

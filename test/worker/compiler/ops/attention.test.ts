import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { multiHeadAttention, packedMultiHeadAttention } from '../../../../worker/compiler/ops/attention.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { attend } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

describe('multi-head attention', () => {
  test.each([1, 2, 4])('equals plain attention with %i head(s)', async (heads) => {
    const [q, k, v] = [someTensor(1, [2, 3, 8]), someTensor(2, [2, 5, 8]), someTensor(3, [2, 5, 8])]
    const g = createGraph('attention')
    const y = multiHeadAttention(
      g,
      g.input('q', q.shape),
      g.input('k', k.shape),
      g.input('v', v.shape),
      heads,
    )
    g.output('y', y)
    expect(y.shape).toEqual([2, 3, 8])
    expect(g.nodes[0]?.flops).toBe(2 * (2 * (2 * 3 * 5 * 8)))
    expectClose((await runGraph(g, { q, k, v }))['y']!, attend(q, k, v, heads), { absolute: 1e-6 })
  })

  test.each([
    ['heads that do not divide the channels', [2, 3, 9], [2, 5, 9], [2, 5, 9]],
    ['different batch sizes', [2, 3, 8], [1, 5, 8], [1, 5, 8]],
    ['different numbers of channels', [2, 3, 8], [2, 5, 4], [2, 5, 4]],
    ['different numbers of keys and values', [2, 3, 8], [2, 5, 8], [2, 6, 8]],
  ])('refuses %s', (_, q, k, v) => {
    const g = createGraph('attention')
    expect(() => multiHeadAttention(g, g.input('q', q), g.input('k', k), g.input('v', v), 4)).toThrow(
      new GraphError(`MultiHeadAttention with 4 heads of float32[${q}], float32[${k}], float32[${v}]`),
    )
  })
})

describe('multi-head attention of packed q, k and v', () => {
  test('is one node with one input, and has the FLOPs of separate q, k and v', () => {
    const g = createGraph('packed')
    const y = packedMultiHeadAttention(g, g.input('qkv', [2, 5, 4, 3, 8], 'float16'))
    expect(y).toMatchObject({ shape: [2, 5, 32], dtype: 'float16' })
    expect(g.nodes[0]).toMatchObject({ attributes: { num_heads: 4 }, flops: 2 * (2 * (2 * 5 * 5 * 32)) })
  })

  test.each([[[2, 5, 96]], [[2, 5, 4, 2, 8]], [[2, 5, 3, 4, 8]]])('refuses %j', (shape) => {
    const g = createGraph('packed')
    expect(() => packedMultiHeadAttention(g, g.input('qkv', shape))).toThrow(
      new GraphError(`packed MultiHeadAttention of float32[${shape}]`),
    )
  })
})

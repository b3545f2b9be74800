import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { addPerClip, crossAttentionFlops } from '../../../../worker/compiler/layers/context.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'

describe('a row for each clip', () => {
  test.each([
    { rows: [10, 20], shape: [1, 2], sum: [11, 22, 13, 24, 15, 26, 17, 28] },
    { rows: [10, 20, 30, 40], shape: [2, 2], sum: [11, 22, 13, 24, 35, 46, 37, 48] },
  ])('is added to each of its tokens: $shape', async ({ rows, shape, sum }) => {
    const g = createGraph('add')
    const added = addPerClip({ g }, g.input('tokens', [4, 2]), g.input('rows', shape))
    g.output('sum', added)
    const inputs = { tokens: tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), rows: tensorOf(rows, shape) }
    expect((await runGraph(g, inputs))['sum']).toEqual(tensorOf(sum, [4, 2]))
  })
})

test('cross-attention costs queries and outputs per token, keys and values per context, and both products', () => {
  const perToken = 2 * 8 * 8 + 2 * 8 * 8 + 2 * 8 + 2 * 8
  const perContext = 2 * 4 * 8 + 2 * 4 * 8
  expect(crossAttentionFlops({ channels: 8, crossAttentionDim: 4 }, { tokens: 30, contexts: 3 })).toBe(
    30 * perToken + 3 * perContext,
  )
})

import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { CPU_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { attend, multiplyTransposed, normalCdf, normalizeRuns } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'

const ROWS = 6
const X = someTensor(1, [ROWS, 16])

describe.each(CPU_TARGETS)('target $name', (target) => {
  test.each([
    ['narrower', 8],
    ['wider', 40],
  ])('a linear layer to a %s width, with bias and without', async (_, out) => {
    const given = { weight: someTensor(2, [out, 16]), bias: someTensor(3, [out]) }
    const w = await storedWeights(given)
    const [weight, bias] = [w.tensor('weight', [out, 16]), w.tensor('bias', [out])]
    const g = createGraph('linear')
    const x = g.input('x', X.shape)
    g.output('y', target.linear(g, x, { weight, bias }))
    g.output('unbiased', target.linear(g, x, { weight, bias: null }))
    expect(statisticsOf(g).flops).toBe(2 * (2 * ROWS * 16 * out))
    const results = await runGraph(g, { x: X })
    expectClose(results['y']!, multiplyTransposed(X, given.weight, given.bias), { absolute: 2e-6 })
    expectClose(results['unbiased']!, multiplyTransposed(X, given.weight, null), { absolute: 2e-6 })
  })

  test('GEGLU is the first half times the gelu, through erf, of the second', async () => {
    const given = { weight: someTensor(4, [48, 16]), bias: someTensor(5, [48]) }
    const w = await storedWeights(given)
    const g = createGraph('geglu')
    const bound = { weight: w.tensor('weight', [48, 16]), bias: w.tensor('bias', [48]) }
    g.output('y', target.geglu(g, g.input('x', X.shape), bound))
    expect(statisticsOf(g).flops).toBe(2 * ROWS * 16 * 48)
    const both = multiplyTransposed(X, given.weight, given.bias).data
    const data = Array.from({ length: ROWS * 24 }, (_, i) => {
      const [row, column] = [Math.floor(i / 24), i % 24]
      const [hidden, gate] = [both[row * 48 + column]!, both[row * 48 + 24 + column]!]
      return hidden * gate * normalCdf(gate)
    })
    expectClose((await runGraph(g, { x: X }))['y']!, { data, shape: [ROWS, 24] }, { relativeToScale: 1e-6 })
  })

  test('a layer norm', async () => {
    const given = { weight: someTensor(6, [16]), bias: someTensor(7, [16]) }
    const w = await storedWeights(given)
    const g = createGraph('norm')
    const bound = { weight: w.tensor('weight', [16]), bias: w.tensor('bias', [16]), epsilon: 0.01 }
    g.output('y', target.layerNorm(g, g.input('x', X.shape), bound))
    const data = normalizeRuns(X.data, 16, 0.01).map(
      (value, i) => value * given.weight.data[i % 16]! + given.bias.data[i % 16]!,
    )
    expectClose((await runGraph(g, { x: X }))['y']!, { data, shape: X.shape }, { absolute: 2e-6 })
  })

  test.each([
    { length: 1, heads: 2 },
    { length: 5, heads: 1 },
    { length: 25, heads: 4 },
    { length: 40, heads: 4 },
    { length: 40, heads: 1 },
  ])('attention within sequences of $length tokens, $heads heads', async ({ length, heads }) => {
    const rows = 3
    const [q, k, v] = [11, 12, 13].map((seed) => someTensor(seed, [rows * length, 16])) as [
      typeof X,
      typeof X,
      typeof X,
    ]
    const g = createGraph('attention')
    const values = [g.input('q', q.shape), g.input('k', k.shape), g.input('v', v.shape)] as const
    g.output('y', target.attention(g, ...values, { rows, heads }))
    expect(statisticsOf(g).flops).toBe(2 * (2 * rows * length * length * 16))
    const shape = [rows, length, 16]
    const expected = attend({ ...q, shape }, { ...k, shape }, { ...v, shape }, heads)
    expectClose((await runGraph(g, { q, k, v }))['y']!, { ...expected, shape: q.shape }, { absolute: 2e-6 })
  })
})

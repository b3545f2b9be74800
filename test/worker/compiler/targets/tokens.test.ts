import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { FLOAT32_TARGETS, packedTarget } from '../../../fixtures/cpu-targets.ts'
import { attend, multiplyTransposed, normalCdf, normalizeRuns } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'

const ROWS = 6
const X = someTensor(1, [ROWS, 16])

describe.each([...FLOAT32_TARGETS, packedTarget('float32')])('for target $name,', (target) => {
  test.each([
    ['narrower', 8],
    ['wider', 40],
  ])('a linear layer to a %s width equals a plain product, with bias and without', async (_, out) => {
    const given = { weight: someTensor(2, [out, 16]), bias: someTensor(3, [out]) }
    const w = await storedWeights(given)
    const [weight, bias] = [w.tensor('weight', [out, 16]), w.tensor('bias', [out])]
    const g = createGraph('linear')
    const x = g.input('x', X.shape)
    const tokens = target.tokensFromMatrix(g, x, 1)
    g.output('y', target.tokensToMatrix(g, target.linear(g, tokens, { weight, bias })))
    g.output('unbiased', target.tokensToMatrix(g, target.linear(g, tokens, { weight, bias: null })))
    expect(statisticsOf(g).flops).toBe(2 * (2 * ROWS * 16 * out))
    const results = await runGraph(g, { x: X })
    expectClose(results['y']!, multiplyTransposed(X, given.weight, given.bias), { absolute: 2e-6 })
    expectClose(results['unbiased']!, multiplyTransposed(X, given.weight, null), { absolute: 2e-6 })
  })

  test('a feed-forward equals GEGLU, whose gate is the second half through erf, and a product', async () => {
    const given = {
      proj: someTensor(4, [48, 16]),
      projBias: someTensor(5, [48]),
      out: someTensor(8, [16, 24]),
      outBias: someTensor(9, [16]),
    }
    const w = await storedWeights(given)
    const g = createGraph('feed_forward')
    const x = target.tokensFromMatrix(g, g.input('x', X.shape), 1)
    const y = target.feedForward(g, x, {
      proj: { weight: w.tensor('proj', [48, 16]), bias: w.tensor('projBias', [48]) },
      out: { weight: w.tensor('out', [16, 24]), bias: w.tensor('outBias', [16]) },
      chunks: 2,
      residual: x,
    })
    g.output('y', target.tokensToMatrix(g, y))
    expect(statisticsOf(g).flops).toBe(2 * ROWS * 16 * (48 + 24))
    const both = multiplyTransposed(X, given.proj, given.projBias).data
    const hidden = Float32Array.from({ length: ROWS * 24 }, (_, i) => {
      const [row, column] = [Math.floor(i / 24), i % 24]
      const [value, gate] = [both[row * 48 + column]!, both[row * 48 + 24 + column]!]
      return value * gate * normalCdf(gate)
    })
    const product = multiplyTransposed({ data: hidden, shape: [ROWS, 24] }, given.out, given.outBias)
    const data = Array.from(product.data, (value, i) => value + X.data[i]!)
    expectClose((await runGraph(g, { x: X }))['y']!, { data, shape: X.shape }, { relativeToScale: 1e-6 })
  })

  test('a feed-forward in more chunks has the same FLOPs and a lower peak of activation bytes', async () => {
    const w = await storedWeights({
      ...{ proj: someTensor(2, [48, 16]), projBias: someTensor(3, [48]) },
      ...{ out: someTensor(4, [16, 24]), outBias: someTensor(5, [16]) },
    })
    const statisticsIn = (chunks: number) => {
      const g = createGraph('feed_forward')
      const x = target.tokensFromMatrix(g, g.input('x', [64, 16]), 1)
      const y = target.feedForward(g, x, {
        proj: { weight: w.tensor('proj', [48, 16]), bias: w.tensor('projBias', [48]) },
        out: { weight: w.tensor('out', [16, 24]), bias: w.tensor('outBias', [16]) },
        ...{ chunks, residual: x },
      })
      g.output('y', target.tokensToMatrix(g, y))
      return statisticsOf(g)
    }
    const [whole, chunked] = [statisticsIn(1), statisticsIn(8)]
    expect(chunked.flops).toBe(whole.flops)
    expect(chunked.peakActivationBytes).toBeLessThan(whole.peakActivationBytes)
  })

  test.each([
    { per: 'clip', rows: [10, 20], of: [0, 0, 0, 0, 0, 0, 0, 0] },
    { per: 'clip', rows: [10, 20, 30, 40], of: [0, 0, 0, 0, 1, 1, 1, 1] },
    { per: 'frame', rows: [10, 20, 30, 40], of: [0, 1, 0, 1, 0, 1, 0, 1] },
  ] as const)('addRows adds to each token the row of its $per: $rows', async ({ per, rows, of }) => {
    // Two clips of two frames of two pixels; after the change of order a sequence holds a pixel's frames.
    const g = createGraph('rows')
    const spatial = target.tokensFromMatrix(g, g.input('x', [8, 2]), 4)
    const given = target.tokensFromMatrix(g, g.input('rows', [rows.length / 2, 2]), 1)
    const temporal = target.addRows(g, target.toTemporalTokens(g, spatial, 2), given, per)
    const w = await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } })
    const back = target.blend(g, spatial, temporal, bindMix(w, { switched: true }))
    g.output('y', target.tokensToMatrix(g, back))
    const x = tensorOf(
      Array.from({ length: 16 }, (_, i) => i),
      [8, 2],
    )
    const { y } = await runGraph(g, { x, rows: tensorOf(rows, [rows.length / 2, 2]) })
    // In order of images: clip 0 frame 0 (two pixels), clip 0 frame 1, clip 1 frame 0, clip 1 frame 1.
    const frameOf = [0, 0, 1, 1, 0, 0, 1, 1]
    const rowOf = (token: number): number => (per === 'clip' ? of[token]! : frameOf[token]!)
    const expected = Array.from({ length: 16 }, (_, i) => i + rows[rowOf(Math.floor(i / 2)) * 2 + (i % 2)]!)
    expect([...y!.data]).toEqual(expected)
  })

  test('a linear layer of a blend weighs the temporal side by its share', async () => {
    // Two clips of three frames of two pixels. The temporal side is twice the spatial one.
    const x = someTensor(1, [12, 16])
    const given = { weight: someTensor(2, [8, 16]), bias: someTensor(3, [8]) }
    const w = await storedWeights({ ...given, mix_factor: tensorOf([0.7]) })
    const share = 1 / (1 + Math.exp(-0.7))
    const layer = { weight: w.tensor('weight', [8, 16]), bias: w.tensor('bias', [8]) }
    for (const switched of [false, true]) {
      const g = createGraph('blend')
      const spatial = target.tokensFromMatrix(g, g.input('x', x.shape), 6)
      const temporal = target.toTemporalTokens(g, target.add(g, spatial, spatial), 3)
      const y = target.blendedLinear(g, spatial, temporal, bindMix(w, { switched }), layer)
      expect(y).toMatchObject({ rows: 6, length: 2, channels: 8 })
      g.output('y', target.tokensToMatrix(g, y))
      const factor = 1 + (switched ? share : 1 - share)
      const blended = { data: x.data.map((value) => value * factor), shape: x.shape }
      const expected = multiplyTransposed(blended, given.weight, given.bias)
      expectClose((await runGraph(g, { x }))['y']!, expected, { absolute: 4e-6 })
    }
  })

  test('a layer norm equals plain layer normalization', async () => {
    const given = { weight: someTensor(6, [16]), bias: someTensor(7, [16]) }
    const w = await storedWeights(given)
    const g = createGraph('norm')
    const bound = { weight: w.tensor('weight', [16]), bias: w.tensor('bias', [16]), epsilon: 0.01 }
    const x = target.tokensFromMatrix(g, g.input('x', X.shape), 1)
    g.output('y', target.tokensToMatrix(g, target.layerNorm(g, x, bound)))
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
  ])(
    'attention in sequences of $length token(s) with $heads head(s) equals plain attention',
    async ({ length, heads }) => {
      const rows = 3
      const tokens = someTensor(11, [rows * length, 16])
      const given = { q: someTensor(12, [16, 16]), k: someTensor(13, [16, 16]), v: someTensor(14, [16, 16]) }
      const w = await storedWeights(given)
      const projection = (name: string) => ({ weight: w.tensor(name, [16, 16]), bias: null })
      const g = createGraph('attention')
      const x = target.tokensFromMatrix(g, g.input('x', tokens.shape), rows)
      const projections = { toQ: projection('q'), toK: projection('k'), toV: projection('v') }
      g.output('y', target.tokensToMatrix(g, target.selfAttention(g, x, { ...projections, heads })))
      expect(statisticsOf(g).flops).toBe(
        2 * (2 * rows * length * length * 16) + 3 * 2 * rows * length * 16 * 16,
      )
      const projected = (weight: typeof tokens) => ({
        data: Float32Array.from(multiplyTransposed(tokens, weight, null).data),
        shape: [rows, length, 16],
      })
      const expected = attend(projected(given.q), projected(given.k), projected(given.v), heads)
      const actual = (await runGraph(g, { x: tokens }))['y']!
      expectClose(actual, { ...expected, shape: tokens.shape }, { absolute: 2e-6 })
    },
  )
})

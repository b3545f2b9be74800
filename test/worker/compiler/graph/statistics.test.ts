import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { add, cast, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { gemm } from '../../../../worker/compiler/ops/matmul.ts'
import { reshape } from '../../../../worker/compiler/ops/shape.ts'
import { rowsOf } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const weights = () => openWeights('unet', null).root

describe('FLOPs', () => {
  test('are two per multiply-add of convolutions and products, by op and in total', () => {
    const g = createGraph('g')
    const w = weights()
    const kernel = g.weight(w.tensor('conv', [5, 3, 3, 3]))
    const x = g.input('x', [2, 3, 4, 6], 'float16')
    const y = silu(g, conv(g, x, { weight: kernel, bias: null, strides: [2, 2], pads: [1, 1, 1, 1] }))
    g.output('y', gemm(g, reshape(g, y, [2, 30]), g.weight(w.tensor('linear', [7, 30])), null))
    const ofConv = 2 * (2 * 5 * 2 * 3) * (3 * 3 * 3)
    const ofGemm = 2 * 2 * 30 * 7
    expect(statisticsOf(g)).toMatchObject({
      nodes: 5,
      flops: ofConv + ofGemm,
      flopsByOp: { Conv: ofConv, Gemm: ofGemm },
      avoidedFlops: {},
      weightBytes: 2 * (5 * 3 * 3 * 3 + 7 * 30),
    })
  })

  test('that are avoided are summed by reason, apart from those that run', () => {
    const g = createGraph('g')
    g.avoid('folded', 10)
    g.avoid('shared', 1)
    g.avoid('folded', 20)
    expect(statisticsOf(g)).toMatchObject({ flops: 0, avoidedFlops: { folded: 30, shared: 1 } })
  })
})

test('statisticsOf counts weights at their stored size, and of a part only its rows', () => {
  const g = createGraph('g')
  const weight = weights().tensor('weight', [4, 6])
  g.weight(rowsOf(weight, 0, 1))
  g.weight(rowsOf(weight, 2, 4))
  g.inline(Float32Array.of(1), [1])
  expect(statisticsOf(g).weightBytes).toBe(3 * 6 * 2)
})

describe('the peak of activations', () => {
  const FLOAT = 4
  const HALF = 2

  test('is the largest sum alive at once: inputs and outputs always, other values until their last use', () => {
    const g = createGraph('g')
    const x = g.input('x', [100], 'float16')
    const row = reshape(g, x, [1, 100])
    const widen = (value: typeof x, size: number) =>
      gemm(g, value, g.weight(weights().tensor(`w${size}`, [size, value.shape[1] ?? 0])), null)
    const a = widen(row, 300) //                     x 100, a 300
    const b = g.within('peak', () => widen(a, 500)) // x 100, a 300, b 500: the peak
    const c = widen(b, 200) //                       x 100, b 500, c 200
    g.output('y', silu(g, c)) //                     x 100, c 200, y 200
    const { peakActivationBytes, peakAt } = statisticsOf(g)
    expect(peakActivationBytes).toBe(HALF * (100 + 300 + 500))
    expect(peakAt).toBe('peak/Gemm')
  })

  test('counts a value until its last reader has run', () => {
    const g = createGraph('g')
    const x = g.input('x', [100])
    const skip = silu(g, x)
    const far = silu(g, silu(g, silu(g, skip)))
    g.output('y', add(g, far, skip))
    // x, skip, and the two ends of one step of the chain.
    expect(statisticsOf(g).peakActivationBytes).toBe(FLOAT * 400)
  })

  test('counts viewed bytes until the last reader of a view has run', () => {
    const g = createGraph('g')
    const x = g.input('x', [100])
    const early = silu(g, x)
    const view = reshape(g, early, [10, 10])
    const other = silu(g, silu(g, x))
    g.output('y', add(g, reshape(g, view, [100]), other))
    expect(statisticsOf(g).peakActivationBytes).toBe(FLOAT * 400)
  })

  test('counts no extra bytes for a view', () => {
    const g = createGraph('g')
    g.output('y', reshape(g, silu(g, g.input('x', [100])), [10, 10]))
    expect(statisticsOf(g).peakActivationBytes).toBe(FLOAT * 200)
  })

  test('leaves out values that depend on weights alone, and counts smaller types at their own size', () => {
    const g = createGraph('g')
    const x = g.input('x', [100])
    const table = cast(g, g.weight(weights().tensor('table', [5000, 100])), 'float32')
    const half = cast(g, gemm(g, reshape(g, x, [1, 100]), silu(g, table), null), 'float16')
    g.output('y', half)
    expect(statisticsOf(g).peakActivationBytes).toBe(FLOAT * 100 + FLOAT * 5000 + 2 * 5000)
  })
})

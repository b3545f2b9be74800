import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { gemm, matmul, matmulIntoBatches, matmulTransposed } from '../../../../worker/compiler/ops/matmul.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { moveAxes, multiplyTransposed } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

describe('gemm', () => {
  test("computes PyTorch's Linear, x·weightᵀ + bias", async () => {
    const [x, weight, bias] = [someTensor(1, [5, 7]), someTensor(2, [3, 7]), someTensor(3, [3])]
    const g = createGraph('gemm')
    const inputs = [g.input('x', x.shape), g.input('weight', weight.shape)] as const
    const y = gemm(g, ...inputs, g.input('bias', bias.shape))
    g.output('y', y)
    g.output('unbiased', gemm(g, ...inputs, null))
    expect(y.shape).toEqual([5, 3])
    expect(g.nodes[0]?.flops).toBe(2 * 5 * 7 * 3)
    const results = await runGraph(g, { x, weight, bias })
    expectClose(results['y']!, multiplyTransposed(x, weight, bias), { absolute: 1e-6 })
    expectClose(results['unbiased']!, multiplyTransposed(x, weight, null), { absolute: 1e-6 })
  })

  test.each([
    [
      [5, 7],
      [3, 6],
    ],
    [
      [2, 5, 7],
      [3, 7],
    ],
    [
      [5, 7],
      [3, 7, 1],
    ],
  ])('refuses %j with %j', (x, weight) => {
    const g = createGraph('gemm')
    expect(() => gemm(g, g.input('x', x), g.input('w', weight), null)).toThrow(
      new GraphError(`Gemm of x float32[${x}] with w float32[${weight}]`),
    )
  })
})

describe('matmul', () => {
  test('multiplies the last two axes and broadcasts the axes before them', async () => {
    const g = createGraph('matmul')
    const y = matmul(g, g.input('a', [2, 1, 2, 2]), g.input('b', [2, 2, 1]))
    g.output('y', y)
    const inputs = {
      a: tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 2]),
      b: tensorOf([1, 10, 100, 1000], [2, 2, 1]),
    }
    expect(g.nodes[0]?.flops).toBe(2 * 8 * 2)
    expect((await runGraph(g, inputs))['y']).toEqual(
      tensorOf([21, 43, 2100, 4300, 65, 87, 6500, 8700], [2, 2, 2, 1]),
    )
  })

  test('refuses different inner sizes', () => {
    const g = createGraph('matmul')
    expect(() => matmul(g, g.input('a', [2, 3]), g.input('b', [2, 3]))).toThrow(
      new GraphError('MatMul of a float32[2,3] with b float32[2,3]'),
    )
  })
})

describe('matmulTransposed', () => {
  test('multiplies by the transposed second matrix and by a factor', async () => {
    const [a, b] = [someTensor(1, [4, 7]), someTensor(2, [3, 7])]
    const g = createGraph('matmul')
    const y = matmulTransposed(g, g.input('a', a.shape), g.input('b', b.shape), 0.5)
    g.output('y', y)
    expect(y.shape).toEqual([4, 3])
    expect(g.nodes[0]?.flops).toBe(2 * 4 * 7 * 3)
    const plain = multiplyTransposed(a, b, null)
    const expected = { ...plain, data: plain.data.map((value) => value / 2) }
    expectClose((await runGraph(g, { a, b }))['y']!, expected, { absolute: 1e-6 })
  })

  test('refuses different inner sizes', () => {
    const g = createGraph('matmul')
    expect(() => matmulTransposed(g, g.input('a', [2, 3]), g.input('b', [3, 2]))).toThrow(
      new GraphError('FusedMatMul of a float32[2,3] with b float32[3,2]'),
    )
  })
})

describe('matmulIntoBatches', () => {
  test('multiplies by the transposed second matrix and moves the second axis to the front', async () => {
    const [a, b] = [someTensor(1, [4, 2, 7]), someTensor(2, [3, 7])]
    const g = createGraph('matmul')
    const y = matmulIntoBatches(g, g.input('a', a.shape), g.input('b', b.shape))
    g.output('y', y)
    expect(y.shape).toEqual([2, 4, 3])
    expect(statisticsOf(g).flops).toBe(2 * 8 * 7 * 3)
    const rows = multiplyTransposed({ data: a.data, shape: [8, 7] }, b, null)
    const expected = moveAxes({ data: Float32Array.from(rows.data), shape: [4, 2, 3] }, [1, 0, 2])
    expectClose((await runGraph(g, { a, b }))['y']!, expected, { absolute: 1e-6 })
  })

  test('refuses different inner sizes and other ranks', () => {
    const g = createGraph('matmul')
    expect(() => matmulIntoBatches(g, g.input('a', [2, 5, 3]), g.input('b', [3, 2]))).toThrow(
      new GraphError('FusedMatMul of a float32[2,5,3] with b float32[3,2]'),
    )
    expect(() => matmulIntoBatches(g, g.input('c', [2, 3]), g.input('d', [4, 3]))).toThrow(
      new GraphError('FusedMatMul of c float32[2,3] with d float32[4,3]'),
    )
  })
})

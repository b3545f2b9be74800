import { elementCount } from '../../checkpoint/element-count.ts'
import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { broadcastShapes } from './elementwise.ts'
import { assertOneType } from './one-type.ts'
import { reshape } from './shape.ts'

const mismatch = (op: string, a: Value, b: Value): GraphError =>
  new GraphError(`${op} of ${a.name} ${formatType(a)} with ${b.name} ${formatType(b)}`)

/** x [rows, in] · weightᵀ [out, in] + bias [out]: PyTorch's Linear with its weight as stored. */
export const gemm = (g: Graph, x: Value, weight: Value, bias: Value | null): Value => {
  const [rows = 0, columns = 0] = x.shape
  const [out = 0, into = 0] = weight.shape
  if (x.shape.length !== 2 || weight.shape.length !== 2 || into !== columns) throw mismatch('Gemm', x, weight)
  assertOneType('Gemm', [x, weight, bias])
  return g.node({
    op: 'Gemm',
    inputs: bias === null ? [x, weight] : [x, weight, bias],
    outputs: [{ shape: [rows, out], dtype: x.dtype }],
    attributes: { transB: 1 },
    flops: 2 * rows * into * out,
  })[0]!
}

/** Batched product of the last two axes. */
export const matmul = (g: Graph, a: Value, b: Value): Value => {
  const [n = 0, k = 0] = a.shape.slice(-2)
  const [kb = 0, m = 0] = b.shape.slice(-2)
  if (k !== kb) throw mismatch('MatMul', a, b)
  assertOneType('MatMul', [a, b])
  const shape = [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), n, m]
  return g.node({
    op: 'MatMul',
    inputs: [a, b],
    outputs: [{ shape, dtype: a.dtype }],
    flops: 2 * elementCount(shape) * k,
  })[0]!
}

/** alpha · a · bᵀ over the last two axes (com.microsoft FusedMatMul): [.., n, k] with [.., m, k]. */
export const matmulTransposed = (g: Graph, a: Value, b: Value, alpha = 1): Value => {
  const [n = 0, k = 0] = a.shape.slice(-2)
  const [m = 0, kb = 0] = b.shape.slice(-2)
  if (k !== kb) throw mismatch('FusedMatMul', a, b)
  assertOneType('FusedMatMul', [a, b])
  const shape = [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), n, m]
  return g.node({
    op: 'FusedMatMul',
    domain: 'com.microsoft',
    inputs: [a, b],
    outputs: [{ shape, dtype: a.dtype }],
    attributes: { transB: 1, alpha: { float: alpha } },
    flops: 2 * elementCount(shape) * k,
  })[0]!
}

/**
 * [n, batch, k] · [m, k]ᵀ → [batch, n, m]: a product that also swaps the first two axes, for which an op of its own would
 * read and write the whole of it.
 */
export const matmulIntoBatches = (g: Graph, a: Value, b: Value): Value => {
  const [n = 0, batch = 0, k = 0] = a.shape
  const [m = 0, kb = 0] = b.shape
  if (a.shape.length !== 3 || b.shape.length !== 2 || k !== kb) throw mismatch('FusedMatMul', a, b)
  assertOneType('FusedMatMul', [a, b])
  return g.node({
    op: 'FusedMatMul',
    domain: 'com.microsoft',
    // The op wants as many axes on both sides.
    inputs: [a, reshape(g, b, [1, m, k])],
    outputs: [{ shape: [batch, n, m], dtype: a.dtype }],
    attributes: { transB: 1, transBatchA: 1, alpha: { float: 1 } },
    flops: 2 * batch * n * m * k,
  })[0]!
}

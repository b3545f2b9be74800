import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { multiHeadAttention } from '../ops/attention.ts'
import { softmax } from '../ops/elementwise.ts'
import { matmul, matmulTransposed } from '../ops/matmul.ts'
import { reshape, transpose } from '../ops/shape.ts'

export interface Sequences {
  readonly rows: number
  readonly length: number
  readonly heads: number
}

/** Up to this length ONNX Runtime's attention kernel is twice as slow as its parts: temporal attention. */
const SHORT_SEQUENCE = 32

const shortAttention = (
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  { rows, length, heads }: Sequences,
): Value => {
  const channels = q.shape[1] ?? 0
  const width = channels / heads
  const byHead = (x: Value): Value => transpose(g, reshape(g, x, [rows, length, heads, width]), [0, 2, 1, 3])
  const scores = softmax(g, matmulTransposed(g, byHead(q), byHead(k), 1 / Math.sqrt(width)))
  return reshape(g, transpose(g, matmul(g, scores, byHead(v)), [0, 2, 1, 3]), [rows * length, channels])
}

/** Softmax attention within each of `rows` sequences; q, k, v and the result are [rows·length, C]. */
export const attention = (g: Graph, q: Value, k: Value, v: Value, sequences: Sequences): Value => {
  const { rows, length, heads } = sequences
  if (length <= SHORT_SEQUENCE) return shortAttention(g, q, k, v, sequences)
  const channels = q.shape[1] ?? 0
  const byRow = (x: Value): Value => reshape(g, x, [rows, length, channels])
  return reshape(g, multiHeadAttention(g, byRow(q), byRow(k), byRow(v), heads), [rows * length, channels])
}

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { multiHeadAttention } from '../ops/attention.ts'
import { add, biasGelu, cast, mul, softmax } from '../ops/elementwise.ts'
import { gemm, matmul, matmulTransposed } from '../ops/matmul.ts'
import { layerNormalization } from '../ops/normalization.ts'
import { reshape, transpose } from '../ops/shape.ts'
import { rowsOf, type WeightTensor } from '../weights/weight-tensor.ts'
import type { Linear, Target } from './target.ts'

/* What both layouts of the CPU do with tokens: they are matrices [n, C] in either. */

export const parameter = (g: Graph, weight: WeightTensor): Value => cast(g, g.weight(weight), 'float32')

/** Gemm first writes its bias over the whole result; on wide results a pass behind the product is cheaper. */
const linear = (g: Graph, x: Value, { weight, bias }: Linear): Value => {
  const [out = 0, into = 0] = weight.shape
  if (bias !== null && out <= into) return gemm(g, x, parameter(g, weight), parameter(g, bias))
  const product = matmulTransposed(g, x, parameter(g, weight))
  return bias === null ? product : add(g, product, parameter(g, bias))
}

/** Up to this length ONNX Runtime's attention kernel is twice as slow as its parts: temporal attention. */
const SHORT_SEQUENCE = 32

const shortAttention = (g: Graph, q: Value, k: Value, v: Value, rows: number, heads: number): Value => {
  const [count = 0, channels = 0] = q.shape
  const [length, width] = [count / rows, channels / heads]
  const byHead = (x: Value): Value => transpose(g, reshape(g, x, [rows, length, heads, width]), [0, 2, 1, 3])
  const scores = softmax(g, matmulTransposed(g, byHead(q), byHead(k), 1 / Math.sqrt(width)))
  return reshape(g, transpose(g, matmul(g, scores, byHead(v)), [0, 2, 1, 3]), [count, channels])
}

export const tokenVerbs = {
  parameter,
  linear,
  // Three such pieces fit a server's last-level cache; whole hidden layers only wait for main memory.
  feedForwardPieceBytes: 4 * 2 ** 20,

  layerNorm: (g, x, { weight, bias, epsilon }) =>
    layerNormalization(g, x, parameter(g, weight), parameter(g, bias), epsilon),

  geglu(g, x, { weight, bias }) {
    // Two products of half the width, each written where it is read next, instead of one and a copy of its halves.
    const half = (weight.shape[0] ?? 0) / 2
    const hidden = linear(g, x, { weight: rowsOf(weight, 0, half), bias: rowsOf(bias, 0, half) })
    const gate = matmulTransposed(g, x, parameter(g, rowsOf(weight, half, 2 * half)))
    return mul(g, hidden, biasGelu(g, gate, parameter(g, rowsOf(bias, half, 2 * half))))
  },

  attention(g, q, k, v, { rows, heads }) {
    const [count = 0, channels = 0] = q.shape
    if (count / rows <= SHORT_SEQUENCE) return shortAttention(g, q, k, v, rows, heads)
    const sequences = (x: Value): Value => reshape(g, x, [rows, count / rows, channels])
    return reshape(g, multiHeadAttention(g, sequences(q), sequences(k), sequences(v), heads), [
      count,
      channels,
    ])
  },

  toTemporalTokens(g, { value, rows, length }, frames) {
    const channels = value.shape[1] ?? 0
    const byFrame = reshape(g, value, [rows / frames, frames, length, channels])
    const byPlace = reshape(g, transpose(g, byFrame, [0, 2, 1, 3]), value.shape)
    return { value: byPlace, rows: (rows / frames) * length, length: frames }
  },

  toSpatialTokens(g, { value, rows, length }, clips) {
    const channels = value.shape[1] ?? 0
    const byPlace = reshape(g, value, [clips, rows / clips, length, channels])
    const byFrame = reshape(g, transpose(g, byPlace, [0, 2, 1, 3]), value.shape)
    return { value: byFrame, rows: clips * length, length: rows / clips }
  },
} satisfies Partial<Target>

import { evenPieces } from '../even-pieces.ts'
import type { Graph } from '../graph/graph.ts'
import { bytesOf, type Value } from '../graph/value.ts'
import { add, biasGelu, cast, mul } from '../ops/elementwise.ts'
import { gemm, matmulTransposed } from '../ops/matmul.ts'
import { concat, slice } from '../ops/shape.ts'
import { rowsOf, type WeightTensor } from '../weights/weight-tensor.ts'
import type { BiasedLinear, FeedForward, Linear } from './target.ts'

/* Products of matrices [n, C] with the weights of linear layers. */

/** A weight in the type of the CPU's activations. */
export const float32Parameter = (g: Graph, weight: WeightTensor): Value =>
  cast(g, g.weight(weight), 'float32')

/** Gemm first writes its bias over the whole result; on wide results a pass behind the product is cheaper. */
export const linear = (g: Graph, x: Value, { weight, bias }: Linear): Value => {
  const [out = 0, into = 0] = weight.shape
  if (bias !== null && out <= into) return gemm(g, x, float32Parameter(g, weight), float32Parameter(g, bias))
  const product = matmulTransposed(g, x, float32Parameter(g, weight))
  return bias === null ? product : add(g, product, float32Parameter(g, bias))
}

/** hidden·gelu(gate): two products of half the width, each written where it is read next. */
const geglu = (g: Graph, x: Value, { weight, bias }: BiasedLinear): Value => {
  const half = (weight.shape[0] ?? 0) / 2
  const hidden = linear(g, x, { weight: rowsOf(weight, 0, half), bias: rowsOf(bias, 0, half) })
  const gate = matmulTransposed(g, x, float32Parameter(g, rowsOf(weight, half, 2 * half)))
  return mul(g, hidden, biasGelu(g, gate, float32Parameter(g, rowsOf(bias, half, 2 * half))))
}

/** Three such pieces fit a server's last-level cache; whole hidden layers only wait for main memory. */
export const FEED_FORWARD_PIECE_BYTES = 4 * 2 ** 20
/** More pieces than this make the graph long and win nothing. */
const MAX_PIECES = 8

/** The feed-forward of [n, C] without its residual, in pieces of rows whose hidden layer has at most `pieceBytes`. */
export const feedForwardInPieces = (
  g: Graph,
  x: Value,
  { proj, out, chunks }: Pick<FeedForward, 'proj' | 'out' | 'chunks'>,
  pieceBytes: number,
): Value => {
  const rows = x.shape[0] ?? 0
  const hiddenBytes = bytesOf({ dtype: x.dtype, shape: [rows, out.weight.shape[1] ?? 0] })
  const wanted = Math.min(MAX_PIECES, Math.ceil(hiddenBytes / pieceBytes))
  const pieces = evenPieces(rows, Math.min(rows, Math.max(chunks, wanted)))
  const parts = pieces.map(({ from, to }) => linear(g, geglu(g, slice(g, x, 0, from, to), proj), out))
  return concat(g, parts, 0)
}

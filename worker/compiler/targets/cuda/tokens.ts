import { elementCount } from '../../../checkpoint/element-count.ts'
import { evenPieces } from '../../even-pieces.ts'
import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { multiHeadAttention, packedMultiHeadAttention } from '../../ops/attention.ts'
import { biasSplitGelu, hasBiasSplitGeluKernel } from '../../ops/bias.ts'
import { add, biasGelu, cast, gelu, mul, quickGelu, silu } from '../../ops/elementwise.ts'
import { gemm, matmulIntoBatches, matmulTransposed } from '../../ops/matmul.ts'
import { concat, expand, reshape, slice, splitSizes, transpose } from '../../ops/shape.ts'
import { rowsOf, viewAs, type WeightTensor } from '../../weights/weight-tensor.ts'
import { mixShares } from '../mix-shares.ts'
import {
  type Activation,
  type Linear as AnyLinear,
  type BiasedLinear,
  QUICK_GELU_ALPHA,
  type SelfAttention,
  type Target,
} from '../target.ts'
import { layerNorm } from './layer-norm.ts'
import { MAX_ATTENTION_BATCH, MAX_ELEMENTS, piecesWithin } from './limits.ts'
import { type CudaFeedForward, type CudaLinear, type CudaTokens, oneRow } from './map.ts'
import { packedSequences } from './packed-attention.ts'
import { type Sum, sumOf, totalOf, viewOfTotal, withResidual } from './sum.ts'
import { addSpatialRows, addTemporalRows } from './token-rows.ts'
import { parameter } from './weights.ts'

const withSum = (x: CudaTokens, sum: Sum): CudaTokens => ({ ...x, channels: sum.product.shape[2] ?? 0, sum })

/** [a, b, C] · weightᵀ: one GEMM, with the weight as stored. */
const product = (g: Graph, x: Value, { weight }: AnyLinear, dtype: DType): Value =>
  matmulTransposed(g, x, parameter(g, weight, dtype))

/** The product and its bias in one op, which rounds once. ONNX Runtime writes the bias first, with a GEMM of its own. */
const biasedProduct = (g: Graph, x: Value, weight: WeightTensor, bias: WeightTensor, dtype: DType): Value => {
  const [a = 0, b = 0, channels = 0] = x.shape
  const rows = reshape(g, x, [a * b, channels])
  const y = gemm(g, rows, parameter(g, weight, dtype), parameter(g, bias, dtype))
  return reshape(g, y, [a, b, weight.shape[0] ?? 0])
}

/** One short row of tokens (CLIP's, an embedding's) is cheap to pass over, so that a bias need not wait for its reader. */
const SHORT_ROW = 1024

const project = (g: Graph, x: CudaTokens, layer: AnyLinear, dtype: DType): Sum => {
  const before = totalOf(g, x.sum)
  const { weight, bias } = layer
  if (bias === null) return sumOf(product(g, before, layer, dtype))
  if (x.rows === 1 && x.length <= SHORT_ROW) return sumOf(biasedProduct(g, before, weight, bias, dtype))
  return sumOf(product(g, before, layer, dtype), { bias: parameter(g, bias, dtype) })
}

const activated = (g: Graph, x: CudaTokens, activation: Activation): Value => {
  const { product: before, bias, residual, known } = x.sum
  if (activation === 'gelu' && known.total === null && residual === null && bias !== null)
    return biasGelu(g, before, bias)
  const total = totalOf(g, x.sum)
  if (activation === 'gelu') return gelu(g, total)
  return activation === 'silu' ? silu(g, total) : quickGelu(g, total, QUICK_GELU_ALPHA)
}

/** hidden·gelu(gate) of [a, b, C]: one product and one pass, or at widths without a kernel two products and two. */
const geglu = (g: Graph, x: Value, layer: BiasedLinear, dtype: DType): Value => {
  const { weight, bias } = layer
  const width = weight.shape[0] ?? 0
  if (hasBiasSplitGeluKernel(width))
    return biasSplitGelu(g, product(g, x, layer, dtype), parameter(g, bias, dtype))
  const half = (from: number, to: number) => ({
    weight: rowsOf(weight, from, to),
    bias: rowsOf(bias, from, to),
  })
  const [first, second] = [half(0, width / 2), half(width / 2, width)]
  const hidden = add(g, product(g, x, first, dtype), parameter(g, first.bias, dtype))
  return mul(g, hidden, biasGelu(g, product(g, x, second, dtype), parameter(g, second.bias, dtype)))
}

const plusResidual = (g: Graph, value: Value, bias: Value | null, residual: CudaTokens | undefined): Sum =>
  withResidual(g, value, bias, residual?.sum ?? null, (a, b) => add(g, a, b))

/** In as many pieces as the limit on a tensor's elements asks for, and at least `chunks`. */
const feedForward = (
  g: Graph,
  x: CudaTokens,
  { proj, out, chunks, residual }: CudaFeedForward,
  dtype: DType,
): Sum => {
  const before = totalOf(g, x.sum)
  const [a = 0, b = 0, channels = 0] = before.shape
  const wanted = piecesWithin(a * b, Math.floor(MAX_ELEMENTS / (proj.weight.shape[0] ?? 1)))
  const pieces = evenPieces(a * b, Math.min(a * b, Math.max(chunks, wanted)))
  const rows = pieces.length === 1 ? before : reshape(g, before, [1, a * b, channels])
  const parts = pieces.map(({ from, to }) => {
    const piece = pieces.length === 1 ? rows : slice(g, rows, 1, from, to)
    return product(g, geglu(g, piece, proj, dtype), out, dtype)
  })
  const hidden = parts.length === 1 ? parts[0]! : reshape(g, concat(g, parts, 1), before.shape)
  return plusResidual(g, hidden, parameter(g, out.bias, dtype), residual)
}

/** Attention among tensors of `rows` sequences; more of them than the launch's grid takes go one part after the other. */
const attend = (g: Graph, rows: number, attention: (take: (x: Value) => Value) => Value): Value => {
  const pieces = evenPieces(rows, piecesWithin(rows, MAX_ATTENTION_BATCH))
  const parts = pieces.map(({ from, to }) => attention((x) => slice(g, x, 0, from, to)))
  return concat(g, parts, 0)
}

const mixSequences = (
  g: Graph,
  x: CudaTokens,
  options: SelfAttention,
  packedHeadSizes: readonly number[],
  dtype: DType,
): Value => {
  const packed = packedSequences(g, x, options, packedHeadSizes, dtype)
  if (packed !== null) return attend(g, x.rows, (take) => packedMultiHeadAttention(g, take(packed)))
  const sequences = ({ weight, bias }: AnyLinear): Value => {
    const before = totalOf(g, x.sum)
    const projected =
      bias === null
        ? product(g, before, { weight, bias }, dtype)
        : biasedProduct(g, before, weight, bias, dtype)
    return reshape(g, projected, [x.rows, x.length, weight.shape[0] ?? 0])
  }
  const [q, k, v] = [sequences(options.toQ), sequences(options.toK), sequences(options.toV)] as const
  return attend(g, x.rows, (take) => multiHeadAttention(g, take(q), take(k), take(v), options.heads))
}

/** The target's verbs on tokens of that type. `packedHeadSizes`: see packed-attention.ts. */
export const cudaTokenVerbs = (dtype: DType, packedHeadSizes: readonly number[]) =>
  ({
    tokensFromMatrix(g, x, rows) {
      const channels = x.shape.at(-1) ?? 0
      const length = elementCount(x.shape) / (rows * channels)
      const value = cast(g, reshape(g, x, [rows, length, channels]), dtype)
      return { rows, length, channels, sum: sumOf(value), order: 'spatial' }
    },

    tokensToMatrix: (g, x: CudaTokens) =>
      cast(g, viewOfTotal(g, x.sum, [x.rows * x.length, x.channels]), 'float32'),

    packTokens(g, parts: readonly CudaTokens[]) {
      const joined = concat(
        g,
        parts.map(({ sum }) => totalOf(g, sum)),
        2,
      )
      return cast(g, reshape(g, joined, joined.shape.slice(1)), 'float32')
    },

    unpackTokens(g, packed, widths, repeats) {
      const [count = 0, total = 0] = packed.shape
      const value = cast(g, reshape(g, packed, [count, 1, total]), dtype)
      const repeated = reshape(g, expand(g, value, [count, repeats, total]), [count * repeats, total])
      return splitSizes(g, repeated, 1, widths).map((part): CudaTokens => {
        const [rows = 0, channels = 0] = part.shape
        const sum = sumOf(reshape(g, part, [1, rows, channels]))
        return { rows: 1, length: count, channels, sum, order: 'spatial' }
      })
    },

    linear: (g, x: CudaTokens, options: CudaLinear) => {
      const { product: value, bias } = project(g, x, options, dtype)
      return withSum(x, plusResidual(g, value, bias, options.residual))
    },

    layerNorm: (g, x: CudaTokens, options) => layerNorm(g, x, options, dtype),

    activate: (g, x: CudaTokens, activation) => withSum(x, sumOf(activated(g, x, activation))),

    add(g, x: CudaTokens, y: CudaTokens) {
      const sum = sumOf(add(g, totalOf(g, x.sum), totalOf(g, y.sum)))
      return { ...x, length: sum.product.shape[1] ?? 0, sum }
    },

    addRows: (g, x: CudaTokens, rows: CudaTokens, per) =>
      withSum(x, x.order === 'temporal' ? addTemporalRows(g, x, rows, per) : addSpatialRows(g, x, rows)),

    addParameter: (g, x: CudaTokens, weight) =>
      withSum(
        x,
        sumOf(totalOf(g, x.sum), {
          residual: parameter(g, viewAs(weight, [1, x.length, x.channels]), dtype),
        }),
      ),

    prependToken(g, x: CudaTokens, weight) {
      const token = parameter(g, viewAs(weight, [1, 1, x.channels]), dtype)
      return oneRow(sumOf(concat(g, [token, totalOf(g, x.sum)], 1)))
    },

    firstToken: (g, x: CudaTokens) => oneRow(sumOf(slice(g, totalOf(g, x.sum), 1, 0, 1))),

    selfAttention(g, x: CudaTokens, options) {
      const mixed = mixSequences(g, x, options, packedHeadSizes, dtype)
      const [a = 0, b = 0] = x.sum.product.shape
      return withSum(x, sumOf(reshape(g, mixed, [a, b, mixed.shape[2] ?? 0])))
    },

    feedForward: (g, x: CudaTokens, options: CudaFeedForward) =>
      withSum(x, feedForward(g, x, options, dtype)),

    toTemporalTokens(g, x: CudaTokens, frames) {
      const { rows, length, channels } = x
      const sum = sumOf(transpose(g, totalOf(g, x.sum), [1, 0, 2]))
      return { rows: (rows / frames) * length, length: frames, channels, sum, order: 'temporal' }
    },

    blend(g, spatial: CudaTokens, temporal: CudaTokens, mix) {
      const shares = mixShares(g, mix)
      const weigh = (x: Value, share: Value): Value => mul(g, x, cast(g, share, dtype))
      const back = transpose(g, totalOf(g, temporal.sum), [1, 0, 2])
      const blended = add(g, weigh(totalOf(g, spatial.sum), shares.spatial), weigh(back, shares.temporal))
      return withSum(spatial, sumOf(blended))
    },

    /*
     * One product for each side, whose weights hold the side's share: two multiplications and a transpose are passes over
     * large maps, and take longer than the second product.
     */
    blendedLinear(g, spatial: CudaTokens, temporal: CudaTokens, mix, { weight, bias }) {
      const shares = mixShares(g, mix)
      const shareOf = (share: Value): Value => cast(g, mul(g, parameter(g, weight, 'float32'), share), dtype)
      const own = matmulTransposed(g, totalOf(g, spatial.sum), shareOf(shares.spatial))
      const { rows, length, channels } = spatial
      const perProduct = 2 * rows * length * channels * (weight.shape[0] ?? 0)
      g.avoid('a product for each side of a blend, where the reference has one', -perProduct)
      const back = matmulIntoBatches(g, totalOf(g, temporal.sum), shareOf(shares.temporal))
      return withSum(spatial, sumOf(add(g, own, back), { bias: parameter(g, bias, dtype) }))
    },
  }) satisfies Partial<Target>

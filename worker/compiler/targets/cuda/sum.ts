import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Value } from '../../graph/value.ts'
import { biasAdd } from '../../ops/bias.ts'
import { add } from '../../ops/elementwise.ts'
import { reshape } from '../../ops/shape.ts'

/**
 * A sum product + bias + residual that is not recorded yet. A pass over a large map takes as long as its bytes need, and
 * SkipGroupNorm, SkipLayerNormalization and BiasSplitGelu add without a pass of their own. So a layer leaves additions to
 * the op that reads them. A reader that needs the plain numbers takes the total, which is recorded once.
 */
export interface Sum {
  /** Channels last. */
  readonly product: Value
  /** [C] */
  readonly bias: Value | null
  /** Has the product's shape, or [1, S, C] beside a product [N, S, C]. */
  readonly residual: Value | null
  /** `null` until a reader has recorded the total. */
  readonly known: { total: Value | null }
}

export const sumOf = (
  product: Value,
  { bias = null, residual = null }: { readonly bias?: Value | null; readonly residual?: Value | null } = {},
): Sum => ({
  product,
  bias,
  residual,
  known: { total: bias === null && residual === null ? product : null },
})

/** Whether the sum is still a product and a bias, which is cheap to add to another sum's. */
export const isBiasPending = ({ bias, residual, known }: Sum): boolean =>
  known.total === null && residual === null && bias !== null

/**
 * product + bias + a residual. The bias of a residual that is still pending joins the product's, so that only the
 * residual's product is left to add; `addBiases` makes the sum of two biases [C].
 */
export const withResidual = (
  g: Graph,
  product: Value,
  bias: Value | null,
  residual: Sum | null,
  addBiases: (a: Value, b: Value) => Value,
): Sum => {
  if (residual === null) return sumOf(product, { bias })
  if (!isBiasPending(residual) || residual.bias === null)
    return sumOf(product, { bias, residual: totalOf(g, residual) })
  const both = bias === null ? residual.bias : addBiases(bias, residual.bias)
  return sumOf(product, { bias: both, residual: residual.product })
}

/** [N, …, C] → [N, S, C], as ops want that take three axes. */
const asSequences = (g: Graph, x: Value): Value => {
  const [first = 0] = x.shape
  const channels = x.shape.at(-1) ?? 0
  return reshape(g, x, [first, elementCount(x.shape) / (first * channels), channels])
}

const computeTotal = (g: Graph, { product, bias, residual }: Sum): Value => {
  if (bias === null) return residual === null ? product : add(g, product, residual)
  if (residual === null) return add(g, product, bias)
  // A residual that is the same for every sequence is small, and so is its sum with the bias.
  if (residual.shape.join() !== product.shape.join()) return add(g, product, add(g, residual, bias))
  const sum = biasAdd(g, asSequences(g, product), bias, asSequences(g, residual))
  return reshape(g, sum, product.shape)
}

/** The sum, of the product's shape. */
export const totalOf = (g: Graph, sum: Sum): Value => {
  sum.known.total ??= computeTotal(g, sum)
  return sum.known.total
}

/** The same sum under another shape, whose total is computed at most once for both. */
export const viewOfTotal = (g: Graph, sum: Sum, shape: readonly number[]): Value =>
  reshape(g, totalOf(g, sum), shape)

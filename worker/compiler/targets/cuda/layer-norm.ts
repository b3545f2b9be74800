import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { layerNormalization } from '../../ops/normalization.ts'
import { expand, reshape } from '../../ops/shape.ts'
import { skipLayerNorm } from '../../ops/skip-layer-norm.ts'
import type { Affine } from '../target.ts'
import type { CudaTokens } from './map.ts'
import { sumOf, totalOf } from './sum.ts'
import { parameter } from './weights.ts'

/** The smallest number of tokens, above one, that divides all of them; null if there is none below a thousand. */
const smallDivisor = (count: number): number | null => {
  for (let divisor = 2; divisor < 1000 && divisor <= count; divisor++)
    if (count % divisor === 0) return divisor
  return null
}

/**
 * A bias without a residual, as the skip that the op requires. Each token is normalized by itself. So tokens can be
 * viewed as sequences of two, or another small number, and the bias repeated so often is one skip of a few bytes.
 */
const biasAsSkip = (g: Graph, product: Value, bias: Value): { x: Value; skip: Value } | null => {
  const channels = product.shape.at(-1) ?? 0
  const count = elementCount(product.shape) / channels
  const length = smallDivisor(count)
  if (length === null) return null
  return {
    x: reshape(g, product, [count / length, length, channels]),
    skip: expand(g, reshape(g, bias, [1, 1, channels]), [1, length, channels]),
  }
}

export const layerNorm = (
  g: Graph,
  x: CudaTokens,
  { weight, bias: betaWeight, epsilon }: Affine & { readonly epsilon: number },
  dtype: DType,
): CudaTokens => {
  const [gamma, beta] = [parameter(g, weight, dtype), parameter(g, betaWeight, dtype)]
  const { product, bias, residual, known } = x.sum
  const result = (normalized: Value): CudaTokens => ({
    ...x,
    sum: sumOf(reshape(g, normalized, product.shape)),
  })
  if (known.total !== null) return result(layerNormalization(g, known.total, gamma, beta, epsilon))
  const pending =
    residual !== null
      ? { x: product, skip: residual, bias }
      : bias === null
        ? null
        : { ...biasAsSkip(g, product, bias), bias: null }
  if (pending?.x === undefined || pending.skip === undefined) {
    return result(layerNormalization(g, totalOf(g, x.sum), gamma, beta, epsilon))
  }
  const { normalized, sum } = skipLayerNorm(g, pending.x, {
    skip: pending.skip,
    bias: pending.bias,
    gamma,
    beta,
    epsilon,
  })
  known.total = reshape(g, sum, product.shape)
  return result(normalized)
}

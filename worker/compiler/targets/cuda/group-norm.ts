import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Value } from '../../graph/value.ts'
import { add, cast, div, mul, silu, sqrt, sub } from '../../ops/elementwise.ts'
import {
  groupNorm as fusedGroupNorm,
  type GroupNormAttributes,
  hasGroupNormKernel,
  skipGroupNorm,
} from '../../ops/group-norm.ts'
import { expand, reduce, reshape, slice } from '../../ops/shape.ts'
import type { CudaFeatureMap, CudaGroupNorm, CudaTokens } from './map.ts'
import { sumOf, totalOf } from './sum.ts'
import { parameter } from './weights.ts'

/* Group norm with SiLU in one op, which also makes the additions in front of it. */

/** Rows [n, C], each for as many images in a row, → [images, C]. More rows than a piece has images are all equal. */
const rowsFor = (g: Graph, rows: Value, images: number): Value => {
  const [count = 0, channels = 0] = rows.shape
  if (count === images) return rows
  if (count > images) return slice(g, rows, 0, 0, images)
  const spread = expand(g, reshape(g, rows, [count, 1, channels]), [count, images / count, channels])
  return reshape(g, spread, [images, channels])
}

const matrixOf = (g: Graph, { sum }: CudaTokens): Value => {
  const total = totalOf(g, sum)
  const channels = total.shape.at(-1) ?? 0
  return reshape(g, total, [elementCount(total.shape) / channels, channels])
}

/**
 * Group norm by reductions in float32, for an odd number of channels a group, which the kernel refuses. No published
 * checkpoint needs it.
 */
const plainGroupNorm = (g: Graph, x: Value, options: GroupNormAttributes): Value => {
  const { gamma, beta, groups, epsilon, activation } = options
  const [items = 0, height = 0, width = 0, channels = 0] = x.shape
  const perPixel = [items, height, width, groups, channels / groups]
  const grouped = reshape(g, cast(g, x, 'float32'), perPixel)
  // Row by row, then over rows: half a million numbers added one after the other would lose four digits.
  const perGroup = (numbers: Value): Value =>
    reduce(g, 'ReduceMean', reduce(g, 'ReduceMean', numbers, [2, 4]), [1])
  const perChannel = (numbers: Value): Value => reshape(g, numbers, [1, 1, 1, groups, channels / groups])
  const centered = sub(g, grouped, perGroup(grouped))
  const variance = perGroup(mul(g, centered, centered))
  const deviation = sqrt(g, add(g, variance, g.inline(Float32Array.of(epsilon), [1])))
  const scaled = mul(g, div(g, centered, deviation), perChannel(gamma))
  const normalized = reshape(g, add(g, scaled, perChannel(beta)), x.shape)
  return cast(g, activation === 'silu' ? silu(g, normalized) : normalized, x.dtype)
}

export const cudaGroupNorm = <Kind extends 'images' | 'clips'>(
  g: Graph,
  x: CudaFeatureMap<Kind>,
  options: CudaGroupNorm,
): CudaFeatureMap<Kind> => {
  const { product, bias, residual, known } = x.sum
  const { clips, frames, height, width } = x
  const channels = product.shape[3] ?? 0
  const items = x.kind === 'clips' ? clips : clips * frames
  const view = x.kind === 'clips' ? [clips, frames, height * width, channels] : product.shape
  const seen = (value: Value): Value => reshape(g, value, view)
  const attributes: GroupNormAttributes = {
    gamma: parameter(g, options.weight, 'float32'),
    beta: parameter(g, options.bias, 'float32'),
    groups: options.groups,
    epsilon: options.epsilon,
    activation: options.activation,
  }
  const result = (normalized: Value): CudaFeatureMap<Kind> => ({
    ...x,
    sum: sumOf(reshape(g, normalized, product.shape)),
  })
  const shift = options.shift == null ? null : rowsFor(g, matrixOf(g, options.shift), items)

  if (!hasGroupNormKernel(channels, options.groups)) {
    const total = seen(totalOf(g, x.sum))
    const shifted = shift === null ? total : add(g, total, reshape(g, shift, [items, 1, 1, channels]))
    return result(plainGroupNorm(g, shifted, attributes))
  }
  if (shift !== null) {
    // The sum here includes the shift, which only the norm wants.
    const isBiasPending = known.total === null && residual === null
    const before = isBiasPending ? product : totalOf(g, x.sum)
    const addends = { skip: shift, bias: isBiasPending ? bias : null }
    return result(skipGroupNorm(g, seen(before), addends, attributes).normalized)
  }
  if (known.total !== null) return result(fusedGroupNorm(g, seen(known.total), attributes))
  const skip =
    residual !== null
      ? seen(residual)
      : bias !== null
        ? rowsFor(g, reshape(g, bias, [1, channels]), items)
        : null
  if (skip === null) return result(fusedGroupNorm(g, seen(product), attributes))
  // The op requires a skip. Without a residual the bias is the skip, as a row for each item.
  const addends = { skip, bias: residual === null ? null : bias }
  const { normalized, sum } = skipGroupNorm(g, seen(product), addends, attributes)
  known.total = reshape(g, sum, product.shape)
  return result(normalized)
}

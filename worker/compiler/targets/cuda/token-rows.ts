import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Value } from '../../graph/value.ts'
import { add } from '../../ops/elementwise.ts'
import { expand, reshape, slice } from '../../ops/shape.ts'
import type { CudaTokens } from './map.ts'
import { type Sum, sumOf, totalOf } from './sum.ts'

/* Rows that belong to clips or frames, added to tokens. Additions that are pending stay pending where they can. */

/** Rows [1, n, C] for the clips·frames tokens of each pixel, [1, clips·frames, C]. */
const temporalRows = (g: Graph, rows: CudaTokens, count: number, per: 'clip' | 'frame'): Value => {
  const value = totalOf(g, rows.sum)
  const [, given = 0, channels = 0] = value.shape
  if (given === count) return value
  const spread =
    per === 'frame'
      ? expand(g, reshape(g, value, [1, given, channels]), [count / given, given, channels])
      : expand(g, reshape(g, value, [given, 1, channels]), [given, count / given, channels])
  return reshape(g, spread, [1, count, channels])
}

/** The one row of a single clip, which is a bias of all tokens: [C]. */
const asBias = (g: Graph, rows: CudaTokens): Value | null => {
  if (rows.length !== 1) return null
  const value = totalOf(g, rows.sum)
  const channels = value.shape.at(-1) ?? 0
  const first = slice(g, reshape(g, value, [elementCount(value.shape) / channels, channels]), 0, 0, 1)
  return reshape(g, first, [channels])
}

/** The sum with another bias, which waits for the next reader. */
const withBias = (g: Graph, { product, bias, residual, known }: Sum, row: Value): Sum =>
  known.total === null
    ? sumOf(product, { bias: bias === null ? row : add(g, bias, row), residual })
    : sumOf(known.total, { bias: row })

/** Adds to each token in temporal order the row of its clip or frame. */
export const addTemporalRows = (g: Graph, x: CudaTokens, rows: CudaTokens, per: 'clip' | 'frame'): Sum => {
  const { product: before, bias, residual, known } = x.sum
  const row = per === 'clip' ? asBias(g, rows) : null
  if (row !== null) return withBias(g, x.sum, row)
  const each = temporalRows(g, rows, before.shape[1] ?? 0, per)
  if (known.total !== null) return sumOf(known.total, { residual: each })
  if (residual === null) return sumOf(before, { bias, residual: each })
  return sumOf(add(g, before, each), { bias, residual })
}

/** Adds to each token in spatial order the row of its clip. */
export const addSpatialRows = (g: Graph, x: CudaTokens, rows: CudaTokens): Sum => {
  const { product: before, bias, residual, known } = x.sum
  const row = asBias(g, rows)
  if (row !== null) return withBias(g, x.sum, row)
  const value = totalOf(g, rows.sum)
  const [, clips = 1, channels = 0] = value.shape
  const addTo = (first: Value, each: Value): Value => {
    const byClip = reshape(g, first, [clips, elementCount(first.shape) / (clips * channels), channels])
    return reshape(g, add(g, byClip, reshape(g, each, [clips, 1, channels])), first.shape)
  }
  // With the bias in the rows, nobody needs the total without them: a norm that has read x need not write it.
  if (residual === null && bias !== null) return sumOf(addTo(before, add(g, value, bias)))
  return known.total === null
    ? sumOf(addTo(before, value), { bias, residual })
    : sumOf(addTo(known.total, value))
}

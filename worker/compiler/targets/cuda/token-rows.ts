import type { Graph } from '../../graph/graph.ts'
import { elementsOf, type Value } from '../../graph/value.ts'
import { add } from '../../ops/elementwise.ts'
import { expand, reshape } from '../../ops/shape.ts'
import type { Tokens } from './map.ts'
import { type Sum, sumOf, totalOf } from './sum.ts'

/* Rows that belong to clips or frames, added to tokens. Additions that are pending stay pending where they can. */

/** Rows [1, n, C] for the clips·frames tokens of each pixel, [1, clips·frames, C]. */
const temporalRows = (g: Graph, rows: Tokens, count: number, per: 'clip' | 'frame'): Value => {
  const value = totalOf(g, rows.sum)
  const [, given = 0, channels = 0] = value.shape
  if (given === count) return value
  const spread =
    per === 'frame'
      ? expand(g, reshape(g, value, [1, given, channels]), [count / given, given, channels])
      : expand(g, reshape(g, value, [given, 1, channels]), [given, count / given, channels])
  return reshape(g, spread, [1, count, channels])
}

/** Adds to each token in temporal order the row of its clip or frame. */
export const addTemporalRows = (g: Graph, x: Tokens, rows: Tokens, per: 'clip' | 'frame'): Sum => {
  const { product: before, bias, residual, known } = x.sum
  const each = temporalRows(g, rows, before.shape[1] ?? 0, per)
  if (known.total !== null) return sumOf(known.total, { residual: each })
  if (residual === null) return sumOf(before, { bias, residual: each })
  return sumOf(add(g, before, each), { bias, residual })
}

/** Adds to each token in spatial order the row of its clip. */
export const addSpatialRows = (g: Graph, x: Tokens, rows: Tokens): Sum => {
  const { product: before, bias, residual, known } = x.sum
  const value = totalOf(g, rows.sum)
  const [, clips = 1, channels = 0] = value.shape
  const [first, keep] = known.total === null ? [before, { bias, residual }] : [known.total, {}]
  const byClip = reshape(g, first, [clips, elementsOf(first.shape) / (clips * channels), channels])
  const added = add(g, byClip, reshape(g, value, [clips, 1, channels]))
  return sumOf(reshape(g, added, first.shape), keep)
}

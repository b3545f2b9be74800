import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { cast, sigmoid, sub } from '../ops/elementwise.ts'
import type { Mix } from './target.ts'

export interface MixShares {
  /** [1], float32; the two add up to one. */
  readonly spatial: Value
  readonly temporal: Value
}

/** The shares of a mix. They depend on a weight alone, so no session computes them at each run. */
export const mixShares = (g: Graph, { factor, switched }: Mix): MixShares => {
  const alpha = sigmoid(g, cast(g, g.weight(factor), 'float32'))
  const rest = sub(g, g.inline(Float32Array.of(1), [1]), alpha)
  return switched ? { spatial: rest, temporal: alpha } : { spatial: alpha, temporal: rest }
}

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { cos, mul, sin } from '../ops/elementwise.ts'
import { concat, reshape } from '../ops/shape.ts'

const MAX_PERIOD = 10_000

/** exp(−ln(10000)·i/half) for i below half, in the float32 steps of the reference. */
const frequencies = (half: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(Math.fround(-Math.log(MAX_PERIOD)) * i) / half)),
  )

/**
 * diffusers' Timesteps with flip_sin_to_cos and no shift, cosines first: values [n, k] → [n, k·dim]. Each of the k
 * values of a row has an embedding of its own.
 */
export const sinusoidalEmbedding = (g: Graph, values: Value, dim: number): Value => {
  const [rows = 0, perRow = 1] = values.shape
  const column = reshape(g, values, [rows * perRow, 1])
  const angles = mul(g, column, g.inline(frequencies(dim / 2), [1, dim / 2]))
  return reshape(g, concat(g, [cos(g, angles), sin(g, angles)], 1), [rows, perRow * dim])
}

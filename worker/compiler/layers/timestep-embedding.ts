import type { Value } from '../graph/value.ts'
import { cos, mul, silu, sin } from '../ops/elementwise.ts'
import { concat } from '../ops/shape.ts'
import { bindLinear } from './parameters.ts'
import type { Scope } from './scope.ts'

const MAX_PERIOD = 10_000

/** exp(−ln(10000)·i/half) for i below half, in the float32 steps of the reference. */
const frequencies = (half: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(Math.fround(-Math.log(MAX_PERIOD)) * i) / half)),
  )

/** diffusers' Timesteps with flip_sin_to_cos and no shift: values [n, 1] → [n, dim], cosines first. */
export const sinusoidalEmbedding = ({ g }: Pick<Scope, 'g'>, values: Value, dim: number): Value => {
  const angles = mul(g, values, g.inline(frequencies(dim / 2), [1, dim / 2]))
  return concat(g, [cos(g, angles), sin(g, angles)], 1)
}

/** diffusers' TimestepEmbedding: linear, SiLU, linear on [n, inFeatures]. */
export const timestepEmbedding = (
  { g, target, w }: Scope,
  { inFeatures, hidden, outFeatures }: { inFeatures: number; hidden: number; outFeatures: number },
) => {
  const first = bindLinear(w.at('linear_1'), inFeatures, hidden)
  const second = bindLinear(w.at('linear_2'), hidden, outFeatures)
  return (x: Value): Value =>
    g.within(w.path, () => target.linear(g, silu(g, target.linear(g, x, first)), second))
}

import type { Value } from '../graph/value.ts'
import { bindLinear, bindProjection } from './parameters.ts'
import type { Scope } from './scope.ts'

/** diffusers' Attention as self-attention without projection biases, on tokens [rows, length, C]. */
export const selfAttention = (
  { g, target, w }: Scope,
  { channels, heads }: { readonly channels: number; readonly heads: number },
) => {
  const toQ = bindProjection(w.at('to_q'), channels, channels)
  const toK = bindProjection(w.at('to_k'), channels, channels)
  const toV = bindProjection(w.at('to_v'), channels, channels)
  const toOut = bindLinear(w.at('to_out', 0), channels, channels)
  return (x: Value): Value =>
    g.within(w.path, () => {
      const mixed = target.attention(g, target.linear(g, x, toQ), target.linear(g, x, toK), target.linear(g, x, toV), heads)
      return target.linear(g, mixed, toOut)
    })
}

import type { Value } from '../graph/value.ts'
import { bindLinear, bindProjection } from './parameters.ts'
import type { Scope } from './scope.ts'

/** diffusers' Attention as self-attention without projection biases, on tokens: [rows·length, C] → the same. */
export const selfAttention = (
  { g, target, w }: Scope,
  { channels, heads }: { readonly channels: number; readonly heads: number },
) => {
  const toQ = bindProjection(w.at('to_q'), channels, channels)
  const toK = bindProjection(w.at('to_k'), channels, channels)
  const toV = bindProjection(w.at('to_v'), channels, channels)
  const toOut = bindLinear(w.at('to_out', 0), channels, channels)
  return (x: Value, rows: number): Value =>
    g.within(w.path, () => {
      const [q, k, v] = [target.linear(g, x, toQ), target.linear(g, x, toK), target.linear(g, x, toV)]
      return target.linear(g, target.attention(g, q, k, v, { rows, heads }), toOut)
    })
}

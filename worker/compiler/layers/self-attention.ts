import type { Tokens } from '../targets/target.ts'
import { bindLinear, bindProjection } from './parameters.ts'
import type { Scope } from './scope.ts'

/** diffusers' Attention as self-attention without projection biases, plus a residual. */
export const selfAttention = (
  { g, target, w }: Scope,
  { channels, heads }: { readonly channels: number; readonly heads: number },
) => {
  const toQ = bindProjection(w.at('to_q'), channels, channels)
  const toK = bindProjection(w.at('to_k'), channels, channels)
  const toV = bindProjection(w.at('to_v'), channels, channels)
  const toOut = bindLinear(w.at('to_out', 0), channels, channels)
  return (x: Tokens, residual: Tokens): Tokens =>
    g.within(w.path, () => {
      const mixed = target.selfAttention(g, x, { toQ, toK, toV, heads })
      return target.linear(g, mixed, { ...toOut, residual })
    })
}

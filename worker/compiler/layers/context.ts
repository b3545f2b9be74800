import type { Tokens } from '../targets/target.ts'
import { bindLinear, bindNorm, bindProjection } from './parameters.ts'
import type { Scope } from './scope.ts'

export interface CrossAttention {
  readonly channels: number
  readonly crossAttentionDim: number
}

/**
 * Projects a context to what diffusers' cross-attention `attn2` adds to every token. Stable Video Diffusion's context is one token, so the
 * softmax over it is exactly 1 and the result is to_out(to_v(context)), whatever the query:
 * context [clips, D] → [clips, C].
 */
export const contextProjection = (
  { g, target, w }: Scope,
  { channels, crossAttentionDim }: CrossAttention,
) => {
  const toV = bindProjection(w.at('to_v'), crossAttentionDim, channels)
  const toOut = bindLinear(w.at('to_out', 0), channels, channels)
  return (context: Tokens): Tokens =>
    g.within(w.path, () => target.linear(g, target.linear(g, context, toV), toOut))
}

/** Marks the tensors that only the folded-away part of a block's cross-attention reads. */
export const skipFoldedCrossAttention = (
  { w }: Scope,
  { channels, crossAttentionDim }: CrossAttention,
): void => {
  bindNorm(w.at('norm2'), channels)
  w.unused('attn2.to_q.weight', [channels, channels])
  w.unused('attn2.to_k.weight', [channels, crossAttentionDim])
}

/** FLOPs of the cross-attention as the reference runs it, for `tokens` queries and `contexts` copies of the token. */
export const crossAttentionFlops = (
  { channels, crossAttentionDim }: CrossAttention,
  { tokens, contexts }: { readonly tokens: number; readonly contexts: number },
): number =>
  2 * (2 * channels * channels * tokens + 2 * crossAttentionDim * channels * contexts) + 4 * channels * tokens

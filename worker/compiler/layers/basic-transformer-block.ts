import type { Tokens } from '../targets/target.ts'
import { type CrossAttention, skipFoldedCrossAttention } from './context.ts'
import { feedForward } from './feed-forward.ts'
import { bindNorm } from './parameters.ts'
import { into, type Scope } from './scope.ts'
import { selfAttention } from './self-attention.ts'

/** nn.LayerNorm's default, which the reference keeps in every transformer block. */
export const LAYER_NORM_EPSILON = 1e-5

export interface TransformerBlock extends CrossAttention {
  readonly heads: number
  readonly feedForwardChunks: number
}

/**
 * diffusers' BasicTransformerBlock: self-attention, cross-attention (given as what it adds, `context` [clips, C]),
 * feed-forward, each with its residual.
 */
export const basicTransformerBlock = (scope: Scope, config: TransformerBlock) => {
  const { g, target, w } = scope
  const { channels, heads, feedForwardChunks } = config
  const norm1 = bindNorm(w.at('norm1'), channels)
  const attn1 = selfAttention(into(scope, 'attn1'), { channels, heads })
  skipFoldedCrossAttention(scope, config)
  const norm3 = bindNorm(w.at('norm3'), channels)
  const ff = feedForward(into(scope, 'ff'), { channels, chunks: feedForwardChunks })
  const epsilon = LAYER_NORM_EPSILON

  return (x: Tokens, context: Tokens): Tokens =>
    g.within(w.path, () => {
      const normalized = target.layerNorm(g, x, { ...norm1, epsilon })
      // The row that cross-attention adds does not depend on what self-attention gives, so it goes into the residual.
      const attended = attn1(normalized, target.addRows(g, x, context, 'clip'))
      return ff(target.layerNorm(g, attended, { ...norm3, epsilon }), attended)
    })
}

/** diffusers' TemporalBasicTransformerBlock, on one sequence per pixel: the same with a feed-forward in front. */
export const temporalTransformerBlock = (scope: Scope, config: TransformerBlock) => {
  const { g, target, w } = scope
  const { channels, feedForwardChunks } = config
  const normIn = bindNorm(w.at('norm_in'), channels)
  const ffIn = feedForward(into(scope, 'ff_in'), { channels, chunks: feedForwardChunks })
  const rest = basicTransformerBlock(scope, config)

  return (x: Tokens, context: Tokens): Tokens => {
    const entered = g.within(w.path, () =>
      ffIn(target.layerNorm(g, x, { ...normIn, epsilon: LAYER_NORM_EPSILON }), x),
    )
    return rest(entered, context)
  }
}

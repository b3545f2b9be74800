import type { Images, Tokens } from '../targets/target.ts'
import { basicTransformerBlock, temporalTransformerBlock } from './basic-transformer-block.ts'
import { crossAttentionFlops } from './context.ts'
import { bindLinear, bindMix, bindNorm } from './parameters.ts'
import { NORM_GROUPS } from './resnet-block-2d.ts'
import { into, type Scope } from './scope.ts'

/** The reference has a constant of its own here, apart from the ResNets'. */
const GROUP_NORM_EPSILON = 1e-6

export interface TransformerSpatioTemporal {
  readonly channels: number
  readonly heads: number
  readonly layers: number
  readonly crossAttentionDim: number
  readonly feedForwardChunks: number
}

/** Inputs that do not depend on the pixels: computed once a clip, or once for a number of frames. */
export interface TransformerConditioning {
  /** [clips, C] for each layer, which the cross-attention of its block adds to every token. */
  readonly spatialContexts: readonly Tokens[]
  readonly temporalContexts: readonly Tokens[]
  /** [frames, C] */
  readonly framePositions: Tokens
}

interface BothTokens {
  readonly spatial: Tokens
  readonly temporal: Tokens
}

/** diffusers' TransformerSpatioTemporalModel. */
export const transformerSpatioTemporal = (scope: Scope, config: TransformerSpatioTemporal) => {
  const { g, target, w } = scope
  const { channels, layers } = config
  const norm = bindNorm(w.at('norm'), channels)
  const projIn = bindLinear(w.at('proj_in'), channels, channels)
  const blocks = Array.from({ length: layers }, (_, i) => ({
    spatial: basicTransformerBlock(into(scope, 'transformer_blocks', i), config),
    temporal: temporalTransformerBlock(into(scope, 'temporal_transformer_blocks', i), config),
  }))
  const mix = bindMix(w.at('time_mixer'), { switched: false })
  const projOut = bindLinear(w.at('proj_out'), channels, channels)

  return (x: Images, conditioning: TransformerConditioning): Images =>
    g.within(w.path, () => {
      const { clips, frames, height, width } = x
      const { spatialContexts, temporalContexts, framePositions } = conditioning
      const normalized = target.groupNorm(g, x, {
        ...norm,
        groups: NORM_GROUPS,
        epsilon: GROUP_NORM_EPSILON,
        activation: 'none',
      })
      const allTokens = clips * frames * height * width
      const both = (tokens: Tokens, layer: number): BothTokens => {
        const block = blocks[layer]!
        const spatial = block.spatial(tokens, contextOf(spatialContexts, layer))
        const placed = target.addRows(g, target.toTemporalTokens(g, spatial, frames), framePositions, 'frame')
        const temporal = block.temporal(placed, contextOf(temporalContexts, layer))
        g.avoid(
          'cross-attention over a single context token',
          crossAttentionFlops(config, { tokens: allTokens, contexts: clips * frames }) +
            crossAttentionFlops(config, { tokens: allTokens, contexts: clips * height * width }),
        )
        return { spatial, temporal }
      }
      let mixed = both(target.linear(g, target.toTokens(g, normalized), projIn), 0)
      for (let layer = 1; layer < layers; layer++)
        mixed = both(target.blend(g, mixed.spatial, mixed.temporal, mix), layer)
      return target.addTokens(g, x, target.blendedLinear(g, mixed.spatial, mixed.temporal, mix, projOut))
    })
}

const contextOf = (contexts: readonly Tokens[], layer: number): Tokens => {
  const context = contexts[layer]
  if (context === undefined) throw new RangeError(`no context for layer ${layer} of ${contexts.length}`)
  return context
}

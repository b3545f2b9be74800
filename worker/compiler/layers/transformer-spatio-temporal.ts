import type { Value } from '../graph/value.ts'
import { add, mul } from '../ops/elementwise.ts'
import { reshape } from '../ops/shape.ts'
import type { Images, Tokens } from '../targets/target.ts'
import { blendFactors } from './alpha-blender.ts'
import { basicTransformerBlock, temporalTransformerBlock } from './basic-transformer-block.ts'
import { crossAttentionFlops } from './context.ts'
import { bindLinear, bindNorm } from './parameters.ts'
import { NORM_GROUPS } from './resnet-block-2d.ts'
import { into, type Scope } from './scope.ts'

/** The reference fixes this one apart from the ResNets'. */
const GROUP_NORM_EPSILON = 1e-6

export interface TransformerSpatioTemporal {
  readonly channels: number
  readonly heads: number
  readonly layers: number
  readonly crossAttentionDim: number
  readonly feedForwardChunks: number
}

/** Values that do not depend on the step, by their path in the checkpoint. */
export interface Conditioning {
  /** `<path>.attn2` [clips, C]: what that cross-attention adds to every token. */
  context(path: string, channels: number): Value
  /** `<path>.time_pos_embed` [frames, C]. */
  framePositions(path: string, channels: number): Value
}

/** Adds a row of `positions` [frames, C] to every token of its frame; each sequence is one place over all frames. */
const addPerFrame = ({ g }: Pick<Scope, 'g'>, tokens: Tokens, positions: Value): Tokens => {
  const [count = 0, channels = 0] = tokens.value.shape
  const [frames = 1] = positions.shape
  const byPlace = reshape(g, tokens.value, [count / frames, frames * channels])
  const placed = add(g, byPlace, reshape(g, positions, [1, frames * channels]))
  return { ...tokens, value: reshape(g, placed, tokens.value.shape) }
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
    spatialPath: w.at('transformer_blocks', i, 'attn2').path,
    temporalPath: w.at('temporal_transformer_blocks', i, 'attn2').path,
  }))
  const blend = g.within(w.path, () => blendFactors(into(scope, 'time_mixer'), { switched: false }))
  const projOut = bindLinear(w.at('proj_out'), channels, channels)

  return (x: Images, conditioning: Conditioning): Images =>
    g.within(w.path, () => {
      const { clips, frames, height, width } = x
      const normalized = target.groupNorm(g, x, {
        ...norm,
        groups: NORM_GROUPS,
        epsilon: GROUP_NORM_EPSILON,
        activation: 'none',
      })
      const entering = target.toTokens(g, normalized)
      let tokens: Tokens = { ...entering, value: target.linear(g, entering.value, projIn) }
      const positions = conditioning.framePositions(w.path, channels)
      for (const block of blocks) {
        const spatial = block.spatial(tokens, conditioning.context(block.spatialPath, channels))
        const placed = addPerFrame(scope, target.toTemporalTokens(g, spatial, frames), positions)
        const temporal = block.temporal(placed, conditioning.context(block.temporalPath, channels))
        const back = target.toSpatialTokens(g, temporal, clips)
        const blended = add(g, mul(g, spatial.value, blend.spatial), mul(g, back.value, blend.temporal))
        tokens = { ...spatial, value: blended }
        const allTokens = clips * frames * height * width
        g.avoid(
          'cross-attention over a single context token',
          crossAttentionFlops(config, { tokens: allTokens, contexts: clips * frames }) +
            crossAttentionFlops(config, { tokens: allTokens, contexts: clips * height * width }),
        )
      }
      return target.add(
        g,
        target.toImagesFromTokens(g, { ...tokens, value: target.linear(g, tokens.value, projOut) }, x),
        x,
      )
    })
}

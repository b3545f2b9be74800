import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { contextProjection } from '../../../../worker/compiler/layers/context.ts'
import { into, type Scope } from '../../../../worker/compiler/layers/scope.ts'
import {
  sinusoidalEmbedding,
  timestepEmbedding,
} from '../../../../worker/compiler/layers/timestep-embedding.ts'
import type {
  Conditioning,
  TransformerSpatioTemporal,
} from '../../../../worker/compiler/layers/transformer-spatio-temporal.ts'

/** Everything that another graph would compute once a clip, in this one. `root` stands at the top of the UNet. */
export const conditioningOf = (
  root: Scope,
  { crossAttentionDim }: TransformerSpatioTemporal,
  { context, frames }: { readonly context: Value; readonly frames: number },
): Conditioning => ({
  context: (path, channels) => contextProjection(into(root, path), { channels, crossAttentionDim })(context),
  framePositions: (path, channels) => {
    const numbers = root.g.inline(
      Float32Array.from({ length: frames }, (_, frame) => frame),
      [frames, 1],
    )
    const sizes = { inFeatures: channels, hidden: 4 * channels, outFeatures: channels }
    const embed = timestepEmbedding(into(root, path, 'time_pos_embed'), sizes)
    return embed(sinusoidalEmbedding(root, numbers, channels))
  },
})

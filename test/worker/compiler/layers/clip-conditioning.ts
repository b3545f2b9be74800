import { sinusoidalEmbedding } from '../../../../worker/compiler/float32/sinusoidal-embedding.ts'
import { contextProjection } from '../../../../worker/compiler/layers/context.ts'
import { into, type Scope } from '../../../../worker/compiler/layers/scope.ts'
import type { TimeShifts } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { timeShift } from '../../../../worker/compiler/layers/time-shift.ts'
import { timestepEmbedding } from '../../../../worker/compiler/layers/timestep-embedding.ts'
import type {
  TransformerConditioning,
  TransformerSpatioTemporal,
} from '../../../../worker/compiler/layers/transformer-spatio-temporal.ts'
import type { Tokens } from '../../../../worker/compiler/targets/target.ts'

/* What other graphs compute once a clip, in the graph of a single module. */

/** Contexts and frame positions of the transformer that `scope` stands at. */
export const conditioningOf = (
  scope: Scope,
  { channels, layers, crossAttentionDim }: TransformerSpatioTemporal,
  { context, frames }: { readonly context: Tokens; readonly frames: number },
): TransformerConditioning => {
  const { g, target } = scope
  const contexts = (blocks: string): readonly Tokens[] =>
    Array.from({ length: layers }, (_, layer) =>
      contextProjection(into(scope, blocks, layer, 'attn2'), { channels, crossAttentionDim })(context),
    )
  const numbers = g.inline(
    Float32Array.from({ length: frames }, (_, frame) => frame),
    [frames, 1],
  )
  const sizes = { inFeatures: channels, hidden: 4 * channels, outFeatures: channels }
  const embed = timestepEmbedding(into(scope, 'time_pos_embed'), sizes)
  return {
    spatialContexts: contexts('transformer_blocks'),
    temporalContexts: contexts('temporal_transformer_blocks'),
    framePositions: embed(target.tokensFromMatrix(g, sinusoidalEmbedding(g, numbers, channels), 1)),
  }
}

interface ShiftSizes {
  readonly timeEmbedDim: number
  readonly channels: number
}

/** The shift that the time embedding [n, timeEmbedDim], not activated yet, adds in the ResNet at `scope`. */
export const shiftOf = (scope: Scope, timeEmbedding: Tokens, sizes: ShiftSizes): Tokens => {
  const { g, target } = scope
  return timeShift(scope, sizes)(target.activate(g, timeEmbedding, 'silu'))
}

/** The same for both ResNets of the SpatioTemporalResBlock that `scope` stands at. */
export const shiftsOf = (scope: Scope, timeEmbedding: Tokens, sizes: ShiftSizes): TimeShifts => ({
  spatial: shiftOf(into(scope, 'spatial_res_block'), timeEmbedding, sizes),
  temporal: shiftOf(into(scope, 'temporal_res_block'), timeEmbedding, sizes),
})

import { describe, test } from 'vitest'
import { sinusoidalEmbedding } from '../../../../worker/compiler/float32/sinusoidal-embedding.ts'
import { contextProjection } from '../../../../worker/compiler/layers/context.ts'
import { into, type Scope } from '../../../../worker/compiler/layers/scope.ts'
import { spatioTemporalResBlock } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { timeShift } from '../../../../worker/compiler/layers/time-shift.ts'
import { timestepEmbedding } from '../../../../worker/compiler/layers/timestep-embedding.ts'
import {
  type TransformerConditioning,
  type TransformerSpatioTemporal,
  transformerSpatioTemporal,
} from '../../../../worker/compiler/layers/transformer-spatio-temporal.ts'
import type { Tokens } from '../../../../worker/compiler/targets/target.ts'
import { CPU_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'

/** Everything that another graph would compute once a clip, in this one. `scope` stands at the transformer. */
const conditioningOf = (
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

const CONFIG = { crossAttentionDim: 32, feedForwardChunks: 1 } as const

describe.each(CPU_TARGETS)("diffusers' TransformerSpatioTemporalModel, target $name", (target) => {
  test.each([
    [
      'with one layer, two clips',
      'tiny',
      'down_blocks.0.attentions.0',
      { channels: 32, heads: 2, layers: 1 },
      2,
    ],
    ['with two layers', 'four-level', 'down_blocks.1.attentions.0', { channels: 64, heads: 2, layers: 2 }, 1],
  ] as const)('%s', async (_, checkpoint, path, sizes, clips) => {
    const config = { ...CONFIG, ...sizes }
    const layer = await openLayerGolden(checkpoint, 'unet', path, target)
    const transformer = transformerSpatioTemporal(layer.scope, config)
    const context = layer.feedPerClip('encoder_hidden_states', clips)
    const conditioning = conditioningOf(layer.scope, config, { context, frames: layer.numFrames })
    await layer.expectOutput(transformer(layer.feedImages('hidden_states'), conditioning))
  })

  test('between the two ResNets of the mid block', async () => {
    const layer = await openLayerGolden('tiny', 'unet', 'mid_block', target)
    const { scope, numFrames: frames } = layer
    const config = { ...CONFIG, channels: 64, heads: 4, layers: 1 }
    const time = target.activate(scope.g, layer.feedPerClip('temb', 1), 'silu')
    const resnet = (index: number) => {
      const at = into(scope, 'resnets', index)
      const shift = (kind: string) => timeShift(into(at, kind), { timeEmbedDim: 128, channels: 64 })(time)
      const apply = spatioTemporalResBlock(at, {
        inChannels: 64,
        outChannels: 64,
        epsilon: 1e-5,
        temporalEpsilon: 1e-5,
        switchedMix: false,
      })
      const shifts = { spatial: shift('spatial_res_block'), temporal: shift('temporal_res_block') }
      return (x: Parameters<typeof apply>[0]) => apply(x, shifts)
    }
    const attention = into(scope, 'attentions', 0)
    const transformer = transformerSpatioTemporal(attention, config)
    const context = layer.feedPerClip('encoder_hidden_states', 2)
    const before = resnet(0)(layer.feedImages('hidden_states'))
    const between = transformer(before, conditioningOf(attention, config, { context, frames }))
    await layer.expectOutput(resnet(1)(between))
  })
})

import { describe, test } from 'vitest'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { spatioTemporalResBlock } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { transformerSpatioTemporal } from '../../../../worker/compiler/layers/transformer-spatio-temporal.ts'
import { LAYER_TARGETS, packedTarget } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { conditioningOf, shiftsOf } from './clip-conditioning.ts'

const CONFIG = { crossAttentionDim: 32, feedForwardChunks: 1 } as const

const TARGETS = [...LAYER_TARGETS, packedTarget('float32'), packedTarget('float16')]

describe.each(TARGETS)('transformerSpatioTemporal, for target $name,', (target) => {
  test.each([
    [
      'with one layer and two clips',
      'tiny',
      'down_blocks.0.attentions.0',
      { channels: 32, heads: 2, layers: 1 },
      2,
    ],
    ['with two layers', 'four-level', 'down_blocks.1.attentions.0', { channels: 64, heads: 2, layers: 2 }, 1],
  ] as const)(
    "equals diffusers' TransformerSpatioTemporalModel %s",
    async (_, checkpoint, path, sizes, clips) => {
      const config = { ...CONFIG, ...sizes }
      const layer = await openLayerGolden(checkpoint, 'unet', path, target)
      const transformer = transformerSpatioTemporal(layer.scope, config)
      const context = layer.feedPerClip('encoder_hidden_states', clips)
      const conditioning = conditioningOf(layer.scope, config, { context, frames: layer.numFrames })
      await layer.expectOutput(transformer(layer.feedImages('hidden_states'), conditioning))
    },
  )

  test("gives diffusers' mid block, together with the two ResNets around it", async () => {
    const layer = await openLayerGolden('tiny', 'unet', 'mid_block', target)
    const { scope, numFrames: frames } = layer
    const config = { ...CONFIG, channels: 64, heads: 4, layers: 1 }
    const time = layer.feedPerClip('temb', 1)
    const resnet = (index: number) => {
      const at = into(scope, 'resnets', index)
      const apply = spatioTemporalResBlock(at, {
        inChannels: 64,
        outChannels: 64,
        epsilon: 1e-5,
        temporalEpsilon: 1e-5,
        switchedMix: false,
      })
      const shifts = shiftsOf(at, time, { timeEmbedDim: 128, channels: 64 })
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

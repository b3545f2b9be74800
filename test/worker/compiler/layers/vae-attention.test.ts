import { describe, test } from 'vitest'
import { resnetBlock2d } from '../../../../worker/compiler/layers/resnet-block-2d.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { spatioTemporalResBlock } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { vaeAttention } from '../../../../worker/compiler/layers/vae-attention.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'

const CONFIG = { channels: 64, epsilon: 1e-6 } as const
const SAME_CHANNELS = { inChannels: 64, outChannels: 64, epsilon: 1e-6 } as const

describe.each(LAYER_TARGETS)('vaeAttention, for target $name,', (target) => {
  test.each([
    ['in the encoder', 'encoder.mid_block.attentions.0'],
    ['in the decoder, over three frames', 'decoder.mid_block.attentions.0'],
  ])("equals diffusers' attention %s", async (_, path) => {
    const layer = await openLayerGolden('four-level', 'vae', path, target)
    await layer.expectOutput(vaeAttention(layer.scope, CONFIG)(layer.feedImages('hidden_states')))
  })

  test("gives diffusers' mid block of the encoder, together with the two ResNets around it", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'encoder.mid_block', target)
    const resnet = (index: number) => resnetBlock2d(into(layer.scope, 'resnets', index), SAME_CHANNELS)
    const attention = vaeAttention(into(layer.scope, 'attentions', 0), CONFIG)
    const before = resnet(0)(layer.feedImages('hidden_states'), null)
    await layer.expectOutput(resnet(1)(attention(before), null))
  })

  test.each(['four-level', 'mid-attn-3'] as const)(
    "gives diffusers' mid block of the %s decoder, together with the first two ResNets",
    async (checkpoint) => {
      const layer = await openLayerGolden(checkpoint, 'vae', 'decoder.mid_block', target)
      const resnet = (index: number) =>
        spatioTemporalResBlock(into(layer.scope, 'resnets', index), {
          ...SAME_CHANNELS,
          temporalEpsilon: 1e-5,
          switchedMix: true,
        })
      const attention = vaeAttention(into(layer.scope, 'attentions', 0), CONFIG)
      const before = resnet(0)(layer.feedImages('hidden_states'), null)
      await layer.expectOutput(resnet(1)(attention(before), null))
    },
  )
})

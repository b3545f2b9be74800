import { describe, expect, test } from 'vitest'
import { bindConv } from '../../../../worker/compiler/layers/parameters.ts'
import { resnetBlock2d } from '../../../../worker/compiler/layers/resnet-block-2d.ts'
import { spatioTemporalResBlock } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { transformerSpatioTemporal } from '../../../../worker/compiler/layers/transformer-spatio-temporal.ts'
import { vaeAttention } from '../../../../worker/compiler/layers/vae-attention.ts'
import { LAYER_TARGETS, packedTarget } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { conditioningOf, shiftOf, shiftsOf } from './clip-conditioning.ts'

const CLIPS = 2
const TIME_EMBED_DIM = 1280
const UNET_WITH_ATTENTION = { epsilon: 1e-6, temporalEpsilon: 1e-6 } as const
const VAE = { epsilon: 1e-6, temporalEpsilon: 1e-5, switchedMix: true } as const

const TARGETS = [...LAYER_TARGETS, packedTarget('float32'), packedTarget('float16')]

describe.each(TARGETS)('at the published widths, for target $name,', (target) => {
  test.each([
    ['320 channels', 'down_blocks.0.resnets.0.spatial_res_block', 320, 320],
    ['320 channels, narrowed to 64', 'down_blocks.1.resnets.0.spatial_res_block', 320, 64],
    ['64 channels', 'down_blocks.1.resnets.1.spatial_res_block', 64, 64],
  ] as const)(
    "resnetBlock2d of the UNet equals diffusers' ResnetBlock2D with %s",
    async (_, path, inChannels, outChannels) => {
      const layer = await openLayerGolden('wide', 'unet', path, target)
      const block = resnetBlock2d(layer.scope, { inChannels, outChannels, epsilon: 1e-6 })
      const sizes = { timeEmbedDim: TIME_EMBED_DIM, channels: outChannels }
      const shift = shiftOf(layer.scope, layer.feedPerClip('temb', CLIPS), sizes)
      await layer.expectOutput(block(layer.feedImages('input_tensor'), shift))
    },
  )

  test("resnetBlock2d of the VAE equals diffusers' ResnetBlock2D with 64 channels", async () => {
    const layer = await openLayerGolden('wide', 'vae', 'encoder.down_blocks.0.resnets.0', target)
    const sizes = { inChannels: 64, outChannels: 64, epsilon: 1e-6 }
    await layer.expectOutput(resnetBlock2d(layer.scope, sizes)(layer.feedImages('input_tensor'), null))
  })

  test.each([
    [320, 'down_blocks.0.resnets.0'],
    [64, 'down_blocks.1.resnets.1'],
  ] as const)(
    "spatioTemporalResBlock of the UNet equals diffusers' SpatioTemporalResBlock with %i channels",
    async (channels, path) => {
      const layer = await openLayerGolden('wide', 'unet', path, target)
      const block = spatioTemporalResBlock(layer.scope, {
        ...UNET_WITH_ATTENTION,
        ...{ inChannels: channels, outChannels: channels },
        switchedMix: false,
      })
      const sizes = { timeEmbedDim: TIME_EMBED_DIM, channels }
      const shifts = shiftsOf(layer.scope, layer.feedPerClip('temb', CLIPS), sizes)
      await layer.expectOutput(block(layer.feedImages('hidden_states'), shifts))
    },
  )

  test.each([
    [320, 'decoder.up_blocks.1.resnets.1'],
    [64, 'decoder.up_blocks.2.resnets.1'],
  ] as const)(
    "spatioTemporalResBlock of the VAE equals diffusers' SpatioTemporalResBlock with %i channels",
    async (channels, path) => {
      const layer = await openLayerGolden('wide', 'vae', path, target)
      const block = spatioTemporalResBlock(layer.scope, {
        ...VAE,
        inChannels: channels,
        outChannels: channels,
      })
      await layer.expectOutput(block(layer.feedImages('hidden_states'), null))
    },
  )

  test.each([
    [320, 5, 'down_blocks.0.attentions.0'],
    [64, 1, 'down_blocks.1.attentions.0'],
  ] as const)(
    "transformerSpatioTemporal equals diffusers' model with %i channels and %i head(s) of 64",
    async (channels, heads, path) => {
      const layer = await openLayerGolden('wide', 'unet', path, target)
      const config = { channels, heads, layers: 1, crossAttentionDim: 1024, feedForwardChunks: 1 }
      const context = layer.feedPerClip('encoder_hidden_states', CLIPS)
      const conditioning = conditioningOf(layer.scope, config, { context, frames: layer.numFrames })
      const transformer = transformerSpatioTemporal(layer.scope, config)
      await layer.expectOutput(transformer(layer.feedImages('hidden_states'), conditioning))
    },
  )

  test("vaeAttention equals diffusers' attention with one head of 512", async () => {
    const layer = await openLayerGolden('wide', 'vae', 'encoder.mid_block.attentions.0', target)
    const attention = vaeAttention(layer.scope, { channels: 512, epsilon: 1e-6 })
    await layer.expectOutput(attention(layer.feedImages('hidden_states')))
  })

  test.each([
    ['unet', 'down_blocks.0.downsamplers.0', 320, [1, 1, 1, 1]],
    ['unet', 'down_blocks.1.downsamplers.0', 64, [1, 1, 1, 1]],
    ['vae', 'encoder.down_blocks.0.downsamplers.0', 64, [0, 0, 1, 1]],
  ] as const)(
    'conv2d with stride 2 equals the %s downsampler of diffusers at %s, with %i channels',
    async (component, path, channels, padding) => {
      const layer = await openLayerGolden('wide', component, path, target)
      const { g, w } = layer.scope
      const conv = bindConv(w.at('conv'), channels, channels, 3)
      const x = layer.feedImages('hidden_states')
      await layer.expectOutput(target.conv2d(g, x, { ...conv, stride: 2, padding }))
    },
  )

  test("upsampleConv2d equals diffusers' upsampler with 64 channels", async () => {
    const layer = await openLayerGolden('wide', 'unet', 'up_blocks.1.upsamplers.0', target)
    const { g, w } = layer.scope
    const x = layer.feedImages('hidden_states')
    const y = target.upsampleConv2d(g, x, 2 * x.height, 2 * x.width, bindConv(w.at('conv'), 64, 64, 3))
    expect(y).toMatchObject({ height: 8, width: 12 })
    await layer.expectOutput(y)
  })
})

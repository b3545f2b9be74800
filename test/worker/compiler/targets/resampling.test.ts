import { describe, expect, test } from 'vitest'
import { bindConv } from '../../../../worker/compiler/layers/parameters.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { spatioTemporalResBlock } from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { reshape, transpose } from '../../../../worker/compiler/ops/shape.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { shiftsOf } from '../layers/clip-conditioning.ts'

describe.each(LAYER_TARGETS)('for target $name,', (target) => {
  test.each([
    ['of the UNet, which pads all sides', 'tiny', 'unet', 'down_blocks.0.downsamplers.0', 32, [1, 1, 1, 1]],
    [
      'of the UNet, which halves an odd size',
      'four-level',
      'unet',
      'down_blocks.1.downsamplers.0',
      64,
      [1, 1, 1, 1],
    ],
    [
      'of the VAE, which pads below and right',
      'tiny',
      'vae',
      'encoder.down_blocks.0.downsamplers.0',
      32,
      [0, 0, 1, 1],
    ],
  ] as const)(
    'conv2d with stride 2 equals the downsampler %s',
    async (_, checkpoint, component, path, channels, padding) => {
      const layer = await openLayerGolden(checkpoint, component, path, target)
      const { g, w } = layer.scope
      const conv = bindConv(w.at('conv'), channels, channels, 3)
      const x = layer.feedImages('hidden_states')
      await layer.expectOutput(target.conv2d(g, x, { ...conv, stride: 2, padding }))
    },
  )

  test.each([
    ['that doubles the size', 'tiny', 'up_blocks.0.upsamplers.0', [4, 6]],
    [
      'that stops one row below twice the size, at the size of the skip',
      'four-level',
      'up_blocks.1.upsamplers.0',
      [5, 6],
    ],
  ] as const)('upsampleConv2d equals the upsampler %s', async (_, checkpoint, path, [height, width]) => {
    const layer = await openLayerGolden(checkpoint, 'unet', path, target)
    const { g, w } = layer.scope
    const conv = bindConv(w.at('conv'), 64, 64, 3)
    const x = target.upsampleConv2d(g, layer.feedImages('hidden_states'), height, width, conv)
    expect(x).toMatchObject({ height, width, channels: 64 })
    await layer.expectOutput(x)
  })

  test("two ResNets and an upsampler equal diffusers' block of the VAE decoder", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'decoder.up_blocks.0', target)
    const { scope } = layer
    const resnets = [0, 1].map((index) =>
      spatioTemporalResBlock(into(scope, 'resnets', index), {
        inChannels: 64,
        outChannels: 64,
        epsilon: 1e-6,
        temporalEpsilon: 1e-5,
        switchedMix: true,
      }),
    )
    const upsampler = bindConv(scope.w.at('upsamplers', 0, 'conv'), 64, 64, 3)
    const x = resnets.reduce((before, resnet) => resnet(before, null), layer.feedImages('hidden_states'))
    await layer.expectOutput(target.upsampleConv2d(scope.g, x, 6, 10, upsampler))
  })

  test('an up block of the UNet takes its skips in reverse order', async () => {
    const layer = await openLayerGolden('mid-attn-3', 'unet', 'up_blocks.1', target)
    const { scope } = layer
    const time = layer.feedPerClip('temb', 1)
    const resnet = (index: number, inChannels: number) => {
      const at = into(scope, 'resnets', index)
      const apply = spatioTemporalResBlock(at, {
        inChannels,
        outChannels: 32,
        epsilon: 1e-6,
        temporalEpsilon: 1e-6,
        switchedMix: false,
      })
      const shifts = shiftsOf(at, time, { timeEmbedDim: 256, channels: 32 })
      return (x: Parameters<typeof apply>[0]) => apply(x, shifts)
    }
    const skips = [0, 1].map((index) => layer.feedImages(`res_hidden_states_tuple.${index}`)) as [
      ReturnType<typeof layer.feedImages>,
      ReturnType<typeof layer.feedImages>,
    ]
    const x = layer.feedImages('hidden_states')
    const first = resnet(0, 64 + 32)(target.concatChannels(scope.g, x, skips[1]))
    const second = resnet(1, 32 + 64)(target.concatChannels(scope.g, first, skips[0]))
    const upsampler = bindConv(scope.w.at('upsamplers', 0, 'conv'), 32, 32, 3)
    await layer.expectOutput(target.upsampleConv2d(scope.g, second, 6, 5, upsampler))
  })

  test("a convolution over time equals the last convolution of diffusers' decoder", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'decoder.time_conv_out', target)
    const { g, w } = layer.scope
    const volumes = layer.feed('input')
    const [clips = 0, channels = 0, frames = 0, ...size] = volumes.shape
    expect([clips, frames]).toEqual([1, 3])
    const images = reshape(g, transpose(g, volumes, [0, 2, 1, 3, 4]), [frames, channels, ...size])
    const conv = {
      weight: w.tensor('weight', [channels, channels, 3, 1, 1]),
      bias: w.tensor('bias', [channels]),
    }
    const x = target.toClips(g, target.imagesFromNchw(g, images, frames))
    const result = target.imagesToNchw(g, target.toImages(g, target.temporalConv(g, x, conv)))
    await layer.expectOutput(
      transpose(g, reshape(g, result, [clips, frames, channels, ...size]), [0, 2, 1, 3, 4]),
    )
  })
})

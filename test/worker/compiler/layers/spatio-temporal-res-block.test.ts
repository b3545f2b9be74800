import { describe, test } from 'vitest'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import {
  type SpatioTemporalResBlock,
  spatioTemporalResBlock,
} from '../../../../worker/compiler/layers/spatio-temporal-res-block.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { shiftsOf } from './clip-conditioning.ts'

const UNET = { switchedMix: false } as const
const VAE = { epsilon: 1e-6, temporalEpsilon: 1e-5, switchedMix: true } as const
const epsilons = (epsilon: number) => ({ epsilon, temporalEpsilon: epsilon })

describe.each(LAYER_TARGETS)('spatioTemporalResBlock, for target $name,', (target) => {
  test.each<[string, string, SpatioTemporalResBlock]>([
    [
      'with as many output channels as input channels',
      'down_blocks.0.resnets.0',
      { ...UNET, ...epsilons(1e-6), inChannels: 32, outChannels: 32 },
    ],
    [
      'with more output channels, in a block without attention',
      'down_blocks.1.resnets.0',
      { ...UNET, ...epsilons(1e-5), inChannels: 32, outChannels: 64 },
    ],
    [
      'after a skip connection in an up block',
      'up_blocks.1.resnets.2',
      { ...UNET, ...epsilons(1e-6), inChannels: 64, outChannels: 32 },
    ],
  ])("equals diffusers' SpatioTemporalResBlock %s", async (_, path, config) => {
    const layer = await openLayerGolden('tiny', 'unet', path, target)
    const block = spatioTemporalResBlock(layer.scope, config)
    const x = layer.feedImages('hidden_states')
    const sizes = { timeEmbedDim: 128, channels: config.outChannels }
    const shifts = shiftsOf(layer.scope, layer.feedPerClip('temb', 1), sizes)
    await layer.expectOutput(block(x, shifts))
  })

  test("equals diffusers' SpatioTemporalResBlock of the VAE, whose mix factor weighs the temporal side", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'decoder.up_blocks.1.resnets.0', target)
    const block = spatioTemporalResBlock(layer.scope, { ...VAE, inChannels: 64, outChannels: 32 })
    await layer.expectOutput(block(layer.feedImages('hidden_states'), null))
  })

  test("equals diffusers' mid block of a decoder with one layer per block", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'decoder.mid_block', target)
    const block = spatioTemporalResBlock(into(layer.scope, 'resnets', 0), {
      ...VAE,
      inChannels: 64,
      outChannels: 64,
    })
    await layer.expectOutput(block(layer.feedImages('hidden_states'), null))
  })
})

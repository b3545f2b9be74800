import { describe, expect, test } from 'vitest'
import { resnetBlock2d } from '../../../../worker/compiler/layers/resnet-block-2d.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import type { Images, Target } from '../../../../worker/compiler/targets/target.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { shiftOf } from './clip-conditioning.ts'

/** Both widen 32 channels to 64. */
const OF_UNET = { inChannels: 32, outChannels: 64, epsilon: 1e-5 } as const
const OF_VAE = { inChannels: 32, outChannels: 64, epsilon: 1e-6 } as const

const TIME = { timeEmbedDim: 128, channels: 64 } as const

/** The target with maps so large, as it is given, that each image needs a chunk of its own. */
const withSmallPieces = (target: Target): Target => ({
  ...target,
  inImagePieces: (g, x, _, layers) => target.inImagePieces(g, x, 2 ** 30, layers),
})

describe.each(LAYER_TARGETS)('resnetBlock2d, for target $name,', (target) => {
  test.each([1, 2])(
    "equals diffusers' ResnetBlock2D from 32 to 64 channels, with %i time embedding(s)",
    async (rows) => {
      const layer = await openLayerGolden('tiny', 'unet', 'down_blocks.1.resnets.0.spatial_res_block', target)
      const x = layer.feedImages('input_tensor', 2)
      const block = resnetBlock2d(layer.scope, OF_UNET)
      await layer.expectOutput(block(x, shiftOf(layer.scope, layer.feedPerClip('temb', rows), TIME)))
    },
  )

  test("equals diffusers' ResnetBlock2D of the VAE, without a time embedding", async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'encoder.down_blocks.1', target)
    const block = resnetBlock2d(into(layer.scope, 'resnets', 0), OF_VAE)
    await layer.expectOutput(block(layer.feedImages('hidden_states'), null))
  })

  test("equals diffusers' ResnetBlock2D in chunks of one image", async () => {
    const small = withSmallPieces(target)
    const layer = await openLayerGolden('tiny', 'unet', 'down_blocks.1.resnets.0.spatial_res_block', small)
    const { scope } = layer
    const x = layer.feedImages('input_tensor', 2)
    const block = resnetBlock2d(scope, OF_UNET)
    const y = block(x, shiftOf(scope, layer.feedPerClip('temb', 1), TIME))
    const images = x.clips * x.frames
    expect(y).toMatchObject({ clips: x.clips, frames: x.frames })
    expect(scope.g.nodes.filter(({ op }) => op === 'Concat').map(({ inputs }) => inputs.length)).toEqual([
      images,
    ])
    await layer.expectOutput(y)
  })

  test("equals diffusers' ResnetBlock2D in chunks, with a shift that was packed for all images", async () => {
    const layer = await openLayerGolden(
      'tiny',
      'unet',
      'down_blocks.1.resnets.0.spatial_res_block',
      withSmallPieces(target),
    )
    const { g } = layer.scope
    const x = layer.feedImages('input_tensor', 2)
    const shift = shiftOf(layer.scope, layer.feedPerClip('temb', 1), TIME)
    const packed = target.packTokens(g, [shift])
    const [unpacked] = target.unpackTokens(g, packed, [TIME.channels], x.clips * x.frames)
    await layer.expectOutput(resnetBlock2d(layer.scope, OF_UNET)(x, unpacked ?? null))
  })

  test('enlarges one image at a time if each image is a chunk', async () => {
    const small = withSmallPieces(target)
    const layer = await openLayerGolden('tiny', 'vae', 'encoder.down_blocks.1', small)
    const block = resnetBlock2d(into(layer.scope, 'resnets', 0), OF_VAE)
    const asked: number[] = []
    const x = layer.feedImages('hidden_states')
    const layerOfPiece = (piece: Images): Images => {
      asked.push(piece.clips * piece.frames)
      return piece
    }
    await layer.expectOutput(block(x, null, { factor: 2, layer: layerOfPiece }))
    expect(asked).toEqual(Array.from({ length: x.clips * x.frames }, () => 1))
  })

  test('names its nodes after its path in the checkpoint', async () => {
    const layer = await openLayerGolden('tiny', 'vae', 'encoder.down_blocks.1', target)
    const scope = into(layer.scope, 'resnets', 0)
    const block = resnetBlock2d(scope, OF_VAE)
    const x = layer.feedImages('hidden_states')
    const before = scope.g.nodes.length
    block(x, null)
    const own = scope.g.nodes.slice(before)
    expect(own.length).toBeGreaterThan(0)
    for (const { name } of own) expect(name).toMatch(/^encoder\.down_blocks\.1\.resnets\.0\/\w+$/)
  })
})

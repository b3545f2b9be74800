import { describe, test } from 'vitest'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import type { Scope } from '../../../../worker/compiler/layers/scope.ts'
import { temporalResnetBlock } from '../../../../worker/compiler/layers/temporal-resnet-block.ts'
import { reshape, transpose } from '../../../../worker/compiler/ops/shape.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { storedWeights } from '../../../fixtures/stored-weights.ts'
import { shiftOf } from './clip-conditioning.ts'

/** [clips, C, frames, H, W] to [clips·frames, C, H, W]. */
const toPictures = ({ g }: Scope, x: Value): Value => {
  const [clips = 0, channels = 0, frames = 0, ...size] = x.shape
  return reshape(g, transpose(g, x, [0, 2, 1, 3, 4]), [clips * frames, channels, ...size])
}

const toVolumes = ({ g }: Scope, x: Value, clips: number): Value => {
  const [images = 0, ...rest] = x.shape
  return transpose(g, reshape(g, x, [clips, images / clips, ...rest]), [0, 2, 1, 3, 4])
}

describe.each(LAYER_TARGETS)('temporalResnetBlock, for target $name,', (target) => {
  test.each([1, 2])(
    "equals diffusers' TemporalResnetBlock if the mix takes its result alone, with %i time embedding(s)",
    async (rows) => {
      const layer = await openLayerGolden(
        'tiny',
        'unet',
        'down_blocks.1.resnets.0.temporal_res_block',
        target,
      )
      const { scope } = layer
      const { g } = scope
      const volumes = layer.feed('input_tensor')
      const [clips = 0, , frames = 0] = volumes.shape
      const block = temporalResnetBlock(scope, { channels: 64, epsilon: 1e-5 })
      const x = target.toClips(g, target.imagesFromNchw(g, toPictures(scope, volumes), frames))
      const shift = shiftOf(scope, layer.feedPerClip('temb', rows), { timeEmbedDim: 128, channels: 64 })
      const w = await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } })
      const result = target.toImages(g, block(x, shift, bindMix(w, { switched: true })))
      await layer.expectOutput(toVolumes(scope, target.imagesToNchw(g, result), clips))
    },
  )
})

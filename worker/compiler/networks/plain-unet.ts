import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import { clipsOfFrames, columnOf } from '../float32/boundary.ts'
import { bindConv } from '../layers/parameters.ts'
import type { Scope } from '../layers/scope.ts'
import type { LatentClipSize } from './denoise-step.ts'
import { unet } from './unet.ts'
import { attentionDimOf } from './unet-blocks.ts'
import { activatedTime, recordConditioning, recordContexts, recordShifts } from './unet-conditioning.ts'

/**
 * The UNet with the reference's own signature, for callers with a loop of their own: `sample` [clips, F, 8, h, w],
 * `timestep` [1], `encoder_hidden_states` [clips, 1, D], `added_time_ids` [clips, 3] → `out_sample` [clips, F, 4, h, w].
 */
export const recordPlainUNet = (
  scope: Scope,
  config: UNetConfig,
  options: LatentClipSize & { readonly clips: number; readonly feedForwardChunks: number },
): void => {
  const { g, target } = scope
  const { clips, frames, height, width } = options
  const sample = g.input('sample', [clips, frames, config.inChannels, height, width])
  const timestep = g.input('timestep', [1])
  const context = g.input('encoder_hidden_states', [clips, 1, attentionDimOf(config)])
  const addedTimeIds = g.input('added_time_ids', [clips, 3])
  const convIn = bindConv(scope.w.at('conv_in'), config.inChannels, config.blockOutChannels[0] ?? 0, 3)
  const time = activatedTime(scope, config, { timesteps: columnOf(g, timestep), addedTimeIds })
  const conditioning = recordConditioning(scope, config, {
    contexts: recordContexts(scope, config, target.tokensFromMatrix(g, context, 1)),
    shifts: recordShifts(scope, config, time),
    frames,
  })
  const body = unet(scope, config, options)

  const images = target.imagesFromNchw(g, sample, frames)
  const features = target.conv2d(g, images, { ...convIn, stride: 1, padding: [1, 1, 1, 1] })
  const out = body({ features, conditioning })
  g.output('out_sample', clipsOfFrames(g, target.imagesToNchw(g, out), frames))
}

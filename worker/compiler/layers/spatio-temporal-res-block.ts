import type { Images, Tokens } from '../targets/target.ts'
import { bindMix } from './parameters.ts'
import { type Enlarge, resnetBlock2d } from './resnet-block-2d.ts'
import { into, type Scope } from './scope.ts'
import { temporalResnetBlock } from './temporal-resnet-block.ts'

export interface SpatioTemporalResBlock {
  readonly inChannels: number
  readonly outChannels: number
  readonly epsilon: number
  readonly temporalEpsilon: number
  readonly switchedMix: boolean
}

/** Rows that the time embedding adds in the spatial and in the temporal ResNet. */
export interface TimeShifts {
  readonly spatial: Tokens
  readonly temporal: Tokens
}

/**
 * diffusers' SpatioTemporalResBlock. With s the spatial result and b the temporal branch, its blend
 * a·s + (1−a)·(s + b) is s + (1−a)·b, and 1−a goes into the last convolution's weights.
 */
export const spatioTemporalResBlock = (scope: Scope, config: SpatioTemporalResBlock) => {
  const { inChannels, outChannels, epsilon, temporalEpsilon, switchedMix } = config
  const { g, target, w } = scope
  const spatial = resnetBlock2d(into(scope, 'spatial_res_block'), { inChannels, outChannels, epsilon })
  const temporal = temporalResnetBlock(into(scope, 'temporal_res_block'), {
    channels: outChannels,
    epsilon: temporalEpsilon,
  })
  const mix = bindMix(w.at('time_mixer'), { switched: switchedMix })

  return (x: Images, shifts: TimeShifts | null, enlarge?: Enlarge): Images =>
    g.within(w.path, () => {
      const images = spatial(x, shifts?.spatial ?? null, enlarge)
      const clips = target.toClips(g, images)
      return target.toImages(g, temporal(clips, shifts?.temporal ?? null, mix))
    })
}

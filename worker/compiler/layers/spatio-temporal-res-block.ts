import type { Value } from '../graph/value.ts'
import type { Images } from '../targets/target.ts'
import { blendFactors } from './alpha-blender.ts'
import { type Enlarge, resnetBlock2d } from './resnet-block-2d.ts'
import { into, type Scope } from './scope.ts'
import { temporalResnetBlock } from './temporal-resnet-block.ts'

export interface SpatioTemporalResBlock {
  readonly inChannels: number
  readonly outChannels: number
  readonly epsilon: number
  readonly temporalEpsilon: number
  readonly timeEmbedDim: number | null
  readonly switchedMix: boolean
}

/**
 * diffusers' SpatioTemporalResBlock. With s the spatial result and b the temporal branch, its blend
 * a·s + (1−a)·(s + b) is s + (1−a)·b, and 1−a goes into the last convolution's weights.
 */
export const spatioTemporalResBlock = (scope: Scope, config: SpatioTemporalResBlock) => {
  const { inChannels, outChannels, epsilon, temporalEpsilon, timeEmbedDim, switchedMix } = config
  const { g, target } = scope
  const spatial = resnetBlock2d(into(scope, 'spatial_res_block'), {
    inChannels,
    outChannels,
    epsilon,
    timeEmbedDim,
  })
  const temporal = temporalResnetBlock(into(scope, 'temporal_res_block'), {
    channels: outChannels,
    epsilon: temporalEpsilon,
    timeEmbedDim,
  })
  const { temporal: factor } = g.within(scope.w.path, () =>
    blendFactors(into(scope, 'time_mixer'), { switched: switchedMix }),
  )

  return (x: Images, activatedTime: Value | null, enlarge?: Enlarge): Images =>
    g.within(scope.w.path, () => {
      const pictures = spatial(x, activatedTime, enlarge)
      const clips = target.toClips(g, pictures)
      return target.toImages(g, temporal(clips, activatedTime, factor))
    })
}

import type { Value } from '../graph/value.ts'
import type { Clips, TemporalConv } from '../targets/target.ts'
import type { Weights } from '../weights/weights.ts'
import { bindLinear, bindNorm } from './parameters.ts'
import { NORM_GROUPS } from './resnet-block-2d.ts'
import type { Scope } from './scope.ts'

const bindTemporalConv = (w: Weights, channels: number): TemporalConv => ({
  weight: w.tensor('weight', [channels, channels, 3, 1, 1]),
  bias: w.tensor('bias', [channels]),
})

export interface TemporalResnetBlock {
  readonly channels: number
  readonly epsilon: number
  readonly timeEmbedDim: number | null
}

/**
 * diffusers' TemporalResnetBlock, its branch weighed: x + factor·branch(x). At factor 1 it is the reference's block;
 * `factor` has one element.
 */
export const temporalResnetBlock = ({ g, target, w }: Scope, config: TemporalResnetBlock) => {
  const { channels, epsilon, timeEmbedDim } = config
  const norm1 = bindNorm(w.at('norm1'), channels)
  const conv1 = bindTemporalConv(w.at('conv1'), channels)
  const timeProjection =
    timeEmbedDim === null ? null : bindLinear(w.at('time_emb_proj'), timeEmbedDim, channels)
  const norm2 = bindNorm(w.at('norm2'), channels)
  const conv2 = bindTemporalConv(w.at('conv2'), channels)

  return (x: Clips, activatedTime: Value | null, factor: Value): Clips =>
    g.within(w.path, () => {
      const shift =
        timeProjection === null || activatedTime === null
          ? null
          : target.linear(g, activatedTime, timeProjection)
      const first = target.groupNorm(g, x, { ...norm1, groups: NORM_GROUPS, epsilon, activation: 'silu' })
      const hidden = target.temporalConv(g, first, conv1)
      const second = target.groupNorm(g, hidden, {
        ...norm2,
        groups: NORM_GROUPS,
        epsilon,
        activation: 'silu',
        shift,
      })
      return target.temporalConv(g, second, { ...conv2, blend: { factor, residual: x } })
    })
}

import type { Clips, Mix, Tokens } from '../targets/target.ts'
import { bindNorm, bindTemporalConv } from './parameters.ts'
import { NORM_GROUPS } from './resnet-block-2d.ts'
import type { Scope } from './scope.ts'

export interface TemporalResnetBlock {
  readonly channels: number
  readonly epsilon: number
}

/**
 * diffusers' TemporalResnetBlock with its branch weighed: x + share·branch(x), where `share` is the temporal share of
 * the mix. The time embedding adds `shift`; `null` in the VAE, which has none.
 */
export const temporalResnetBlock = ({ g, target, w }: Scope, config: TemporalResnetBlock) => {
  const { channels, epsilon } = config
  const norm1 = bindNorm(w.at('norm1'), channels)
  const conv1 = bindTemporalConv(w.at('conv1'), channels)
  const norm2 = bindNorm(w.at('norm2'), channels)
  const conv2 = bindTemporalConv(w.at('conv2'), channels)
  const norm = { groups: NORM_GROUPS, epsilon, activation: 'silu' } as const

  return (x: Clips, shift: Tokens | null, mix: Mix): Clips =>
    g.within(w.path, () => {
      const hidden = target.temporalConv(g, target.groupNorm(g, x, { ...norm1, ...norm }), conv1)
      const second = target.groupNorm(g, hidden, { ...norm2, ...norm, shift })
      return target.temporalConv(g, second, { ...conv2, blend: { mix, residual: x } })
    })
}

import type { Images } from '../targets/target.ts'
import { bindLinear, bindNorm } from './parameters.ts'
import { NORM_GROUPS } from './resnet-block-2d.ts'
import type { Scope } from './scope.ts'

/** The VAE's one attention: a single head over all pixels of an image, biases on every projection, residual. */
export const vaeAttention = (
  { g, target, w }: Scope,
  { channels, epsilon }: { readonly channels: number; readonly epsilon: number },
) => {
  const norm = bindNorm(w.at('group_norm'), channels)
  const toQ = bindLinear(w.at('to_q'), channels, channels)
  const toK = bindLinear(w.at('to_k'), channels, channels)
  const toV = bindLinear(w.at('to_v'), channels, channels)
  const toOut = bindLinear(w.at('to_out', 0), channels, channels)
  return (x: Images): Images =>
    g.within(w.path, () => {
      const normalized = target.groupNorm(g, x, { ...norm, groups: NORM_GROUPS, epsilon, activation: 'none' })
      const mixed = target.selfAttention(g, target.toTokens(g, normalized), { toQ, toK, toV, heads: 1 })
      return target.addTokens(g, x, target.linear(g, mixed, toOut))
    })
}

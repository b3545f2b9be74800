import type { Images, Tokens } from '../targets/target.ts'
import { bindConv, bindNorm } from './parameters.ts'
import type { Scope } from './scope.ts'

/** Group norms of Stable Video Diffusion always have 32 groups: the reference's classes fix it. */
export const NORM_GROUPS = 32

export interface ResnetBlock2d {
  readonly inChannels: number
  readonly outChannels: number
  readonly epsilon: number
}

/** An upsampler right in front of a block: its result, the largest map of all, is only needed in pieces. */
export interface Enlarge {
  /** Factor of height and of width. */
  readonly factor: number
  readonly layer: (x: Images) => Images
}

/** diffusers' ResnetBlock2D. The time embedding adds `shift` (see time-shift.ts); `null` in the VAE, which has none. */
export const resnetBlock2d = (scope: Scope, config: ResnetBlock2d) => {
  const { g, target, w } = scope
  const { inChannels, outChannels, epsilon } = config
  const norm1 = bindNorm(w.at('norm1'), inChannels)
  const conv1 = bindConv(w.at('conv1'), inChannels, outChannels, 3)
  const norm2 = bindNorm(w.at('norm2'), outChannels)
  const conv2 = bindConv(w.at('conv2'), outChannels, outChannels, 3)
  const shortcut =
    inChannels === outChannels ? null : bindConv(w.at('conv_shortcut'), inChannels, outChannels, 1)
  const same = { stride: 1, padding: [1, 1, 1, 1] } as const
  const norm = { groups: NORM_GROUPS, epsilon, activation: 'silu' } as const

  return (x: Images, shift: Tokens | null, enlarge?: Enlarge): Images =>
    g.within(w.path, () => {
      const block = (before: Images): Images => {
        const images = enlarge?.layer(before) ?? before
        const hidden = target.conv2d(g, target.groupNorm(g, images, { ...norm1, ...norm }), {
          ...conv1,
          ...same,
        })
        const second = target.groupNorm(g, hidden, { ...norm2, ...norm, shift })
        const residual =
          shortcut === null
            ? images
            : target.conv2d(g, images, { ...shortcut, stride: 1, padding: [0, 0, 0, 0] })
        return target.conv2d(g, second, { ...conv2, ...same, residual })
      }
      // With a shift for each clip, a piece would need to know which images belong to which clip.
      if (shift !== null && shift.length !== 1) return block(x)
      const pixels = x.height * x.width * (enlarge?.factor ?? 1) ** 2
      return target.inImagePieces(g, x, Math.max(inChannels, outChannels) * pixels, block)
    })
}

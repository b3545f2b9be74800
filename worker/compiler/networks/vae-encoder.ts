import type { VaeConfig } from '../../checkpoint/vae-config.ts'
import { bindConv, bindNorm } from '../layers/parameters.ts'
import { NORM_GROUPS, resnetBlock2d } from '../layers/resnet-block-2d.ts'
import { into, type Scope } from '../layers/scope.ts'
import { vaeAttention } from '../layers/vae-attention.ts'
import { rowsOf } from '../weights/weight-tensor.ts'

const EPSILON = 1e-6

/**
 * AutoencoderKLTemporalDecoder.encode: `image` [1, 3, H, W] in [−1, 1] → `image_latents` [1, 4, h, w], the mode of
 * the posterior. The variances, which the mode does not need, are not computed: quant_conv is read by half.
 */
export const recordVaeEncoder = (
  scope: Scope,
  config: VaeConfig,
  { height, width }: { readonly height: number; readonly width: number },
): void => {
  const { g, target } = scope
  const encoder = into(scope, 'encoder')
  const { w } = encoder
  const { blockOutChannels, layersPerBlock, latentChannels } = config
  const last = blockOutChannels.at(-1) ?? 0
  const same = { stride: 1, padding: [1, 1, 1, 1] } as const
  const resnet = (at: Scope, inChannels: number, outChannels: number) =>
    resnetBlock2d(at, { inChannels, outChannels, epsilon: EPSILON })

  const convIn = bindConv(w.at('conv_in'), config.inChannels, blockOutChannels[0] ?? 0, 3)
  const down = blockOutChannels.map((outChannels, level) => {
    const block = into(encoder, 'down_blocks', level)
    const inChannels = blockOutChannels[level - 1] ?? outChannels
    return {
      resnets: Array.from({ length: layersPerBlock }, (_, i) =>
        resnet(into(block, 'resnets', i), i === 0 ? inChannels : outChannels, outChannels),
      ),
      downsample:
        level < blockOutChannels.length - 1
          ? bindConv(block.w.at('downsamplers', 0, 'conv'), outChannels, outChannels, 3)
          : null,
    }
  })
  const mid = into(encoder, 'mid_block')
  const midFirst = resnet(into(mid, 'resnets', 0), last, last)
  const midAttention = vaeAttention(into(mid, 'attentions', 0), { channels: last, epsilon: EPSILON })
  const midSecond = resnet(into(mid, 'resnets', 1), last, last)
  const normOut = bindNorm(w.at('conv_norm_out'), last)
  const convOut = bindConv(w.at('conv_out'), last, 2 * latentChannels, 3)
  const quant = bindConv(scope.w.at('quant_conv'), 2 * latentChannels, 2 * latentChannels, 1)

  let x = target.imagesFromNchw(g, g.input('image', [1, config.inChannels, height, width]), 1)
  x = target.conv2d(g, x, { ...convIn, ...same })
  for (const { resnets, downsample } of down) {
    for (const apply of resnets) x = apply(x, null)
    if (downsample !== null) x = target.conv2d(g, x, { ...downsample, stride: 2, padding: [0, 0, 1, 1] })
  }
  x = midSecond(midAttention(midFirst(x, null)), null)
  x = target.groupNorm(g, x, { ...normOut, groups: NORM_GROUPS, epsilon: EPSILON, activation: 'silu' })
  x = target.conv2d(g, x, { ...convOut, ...same })
  const mean = {
    weight: rowsOf(quant.weight, 0, latentChannels),
    bias: quant.bias === null ? null : rowsOf(quant.bias, 0, latentChannels),
  }
  g.output(
    'image_latents',
    target.imagesToNchw(g, target.conv2d(g, x, { ...mean, stride: 1, padding: [0, 0, 0, 0] })),
  )
}

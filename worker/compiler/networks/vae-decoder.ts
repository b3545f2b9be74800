import type { VaeConfig } from '../../checkpoint/vae-config.ts'
import { unscaleLatents } from '../float32/euler-step.ts'
import { rgbFrames } from '../float32/rgb-frames.ts'
import { bindConv, bindNorm, bindTemporalConv } from '../layers/parameters.ts'
import { type Enlarge, NORM_GROUPS } from '../layers/resnet-block-2d.ts'
import { into, type Scope } from '../layers/scope.ts'
import { spatioTemporalResBlock } from '../layers/spatio-temporal-res-block.ts'
import { vaeAttention } from '../layers/vae-attention.ts'
import type { BiasedLinear } from '../targets/target.ts'

const EPSILON = 1e-6
const TEMPORAL_EPSILON = 1e-5

const doubling = ({ g, target }: Scope, conv: BiasedLinear): Enlarge => ({
  factor: 2,
  layer: (x) => target.upsampleConv2d(g, x, x.height * 2, x.width * 2, conv),
})

/**
 * Outputs of the decoder:
 *
 *     float   `frames` float32 [frames, 3, H, W], about −1 to 1
 *     rgb     `rgb` uint8 [frames, H, W, 3], and `non_finite_values` float32 [frames], see rgb-frames.ts
 */
export type DecoderOutput = 'float' | 'rgb'

export interface DecoderOptions {
  readonly frames: number
  /** Size of the latents. */
  readonly height: number
  readonly width: number
  readonly output: DecoderOutput
}

/**
 * AutoencoderKLTemporalDecoder.decode of one chunk: `latents` [frames, 4, h, w] as the last step leaves them → frames
 * in the form that `output` names. Division by the scaling factor is included.
 */
export const recordVaeDecoder = (
  scope: Scope,
  config: VaeConfig,
  { frames, height, width, output }: DecoderOptions,
): void => {
  const { g, target } = scope
  const decoder = into(scope, 'decoder')
  const { w } = decoder
  const { layersPerBlock, latentChannels } = config
  const channels = config.blockOutChannels.toReversed()
  const first = channels[0] ?? 0
  const final = channels.at(-1) ?? 0
  const same = { stride: 1, padding: [1, 1, 1, 1] } as const
  const resBlock = (at: Scope, inChannels: number, outChannels: number) =>
    spatioTemporalResBlock(at, {
      inChannels,
      outChannels,
      epsilon: EPSILON,
      temporalEpsilon: TEMPORAL_EPSILON,
      switchedMix: true,
    })

  const convIn = bindConv(w.at('conv_in'), latentChannels, first, 3)
  const mid = into(decoder, 'mid_block')
  const midResnets = Array.from({ length: layersPerBlock }, (_, i) =>
    resBlock(into(mid, 'resnets', i), first, first),
  )
  const midAttention = vaeAttention(into(mid, 'attentions', 0), { channels: first, epsilon: EPSILON })
  const up = channels.map((outChannels, level) => {
    const block = into(decoder, 'up_blocks', level)
    const inChannels = channels[level - 1] ?? first
    return {
      resnets: Array.from({ length: layersPerBlock + 1 }, (_, i) =>
        resBlock(into(block, 'resnets', i), i === 0 ? inChannels : outChannels, outChannels),
      ),
      upsample:
        level < channels.length - 1
          ? bindConv(block.w.at('upsamplers', 0, 'conv'), outChannels, outChannels, 3)
          : null,
    }
  })
  const normOut = bindNorm(w.at('conv_norm_out'), final)
  const convOut = bindConv(w.at('conv_out'), final, config.outChannels, 3)
  const timeConvOut = bindTemporalConv(w.at('time_conv_out'), config.outChannels)

  const latents = g.input('latents', [frames, latentChannels, height, width])
  const unscaled = unscaleLatents(g, latents, config.scalingFactor)
  let x = target.conv2d(g, target.imagesFromNchw(g, unscaled, frames), { ...convIn, ...same })
  // The reference pairs its one attention with the second ResNet: with one ResNet the attention never runs, and a
  // third or later ResNet never does, though their weights are in the checkpoint.
  const [midFirst, midSecond] = midResnets
  x = midFirst?.(x, null) ?? x
  x = midSecond?.(midAttention(x), null) ?? x
  let enlarge: Enlarge | undefined
  for (const { resnets, upsample } of up) {
    for (const [index, resnet] of resnets.entries()) x = resnet(x, null, index === 0 ? enlarge : undefined)
    enlarge = upsample === null ? undefined : doubling(scope, upsample)
  }
  x = target.groupNorm(g, x, { ...normOut, groups: NORM_GROUPS, epsilon: EPSILON, activation: 'silu' })
  x = target.conv2d(g, x, { ...convOut, ...same })
  const smoothed = target.temporalConv(g, target.toClips(g, x), timeConvOut)
  const decoded = target.toImages(g, smoothed)
  if (output === 'float') {
    g.output('frames', target.imagesToNchw(g, decoded))
    return
  }
  const { pixels, layout } = target.imagesToPixels(g, decoded)
  const { rgb, nonFiniteValues } = rgbFrames(g, pixels, layout)
  g.output('rgb', rgb)
  g.output('non_finite_values', nonFiniteValues)
}

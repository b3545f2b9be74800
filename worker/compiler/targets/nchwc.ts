import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add } from '../ops/elementwise.ts'
import { nchwcConv, reorderInput, reorderOutput } from '../ops/nchwc.ts'
import { concat, reshape } from '../ops/shape.ts'
import { cpuTarget } from './cpu.ts'
import { parameter, tokenVerbs } from './cpu-tokens.ts'
import { nchwcGroupNorm } from './nchwc-group-norm.ts'
import { nchwcTemporalConv } from './nchwc-temporal-conv.ts'
import { nchwcDoublingConv2d } from './nchwc-upsample.ts'
import { blockKernel, blockKernelOfPlain } from './nchwc-weights.ts'
import type { FeatureMap, Images, Target } from './target.ts'

type Kind = 'images' | 'clips'

const withValue = <K extends Kind>(
  x: FeatureMap<K>,
  value: Value,
  layout: 'nchw' | 'nchwc',
): FeatureMap<K> => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  return { ...x, value, channels, height, width, layout }
}

const plain = <K extends Kind>(g: Graph, x: FeatureMap<K>): FeatureMap<K> =>
  x.layout === 'nchwc' ? withValue(x, reorderOutput(g, x.value), 'nchw') : x

const blocked = <K extends Kind>(g: Graph, x: FeatureMap<K>): FeatureMap<K> =>
  x.layout === 'nchwc' ? x : withValue(x, reorderInput(g, x.value), 'nchwc')

/**
 * ONNX Runtime's CPU provider in its own blocked layout: not portable ONNX, but made for the process that runs it.
 * Images and clips alike are [clips·frames, C, H, W] in blocks of `block` channels, which is what the processor's
 * vectors hold (see engine/nchwc-block.ts); maps of other numbers of channels (latents, pictures) stay in plain order.
 */
export const nchwcTarget = (block: number): Target => {
  const fits = (channels: number): boolean => channels % block === 0
  const target: Target = {
    ...cpuTarget,
    ...tokenVerbs,
    name: `cpu-nchwc${block}`,

    imagesToNchw: (g, x) => plain(g, x).value,
    // Frames already lie side by side, image after image.
    toClips: (_, x) => ({ ...x, kind: 'clips' }),
    toImages: (_, x) => ({ ...x, kind: 'images' }),

    conv2d(g, x, options) {
      const { weight, bias, stride, padding, residual } = options
      const [out = 0, into = 0] = weight.shape
      if (!fits(out) || (!fits(into) && into > block)) {
        const { residual: _, ...rest } = options
        const plainResidual = residual === undefined ? {} : { residual: plain(g, residual) }
        return cpuTarget.conv2d(g, plain(g, x), { ...rest, ...plainResidual })
      }
      const kernel = parameter(g, weight)
      const shape = {
        bias: bias === null ? null : parameter(g, bias),
        strides: [stride, stride],
        pads: padding,
      } as const
      const sum = residual === undefined ? null : blocked(g, residual).value
      const value = fits(into)
        ? nchwcConv(g, blocked(g, x).value, { ...shape, sum, weight: blockKernel(g, kernel, block) })
        : nchwcConv(g, plain(g, x).value, { ...shape, sum, weight: blockKernelOfPlain(g, kernel, block) })
      return withValue(x, value, 'nchwc')
    },

    upsampleConv2d(g, x, height, width, options) {
      if (
        height === 2 * x.height &&
        width === 2 * x.width &&
        fits(x.channels) &&
        fits(options.weight.shape[0] ?? 0)
      ) {
        return withValue(x, nchwcDoublingConv2d(g, blocked(g, x), options, block), 'nchwc')
      }
      return cpuTarget.upsampleConv2d(g, plain(g, x), height, width, options)
    },

    temporalConv(g, x, options) {
      const { blend } = options
      if (fits(x.channels) && fits(options.weight.shape[0] ?? 0)) {
        const blockedBlend =
          blend === undefined ? {} : { blend: { ...blend, residual: blocked(g, blend.residual) } }
        return nchwcTemporalConv(g, blocked(g, x), { ...options, ...blockedBlend }, block)
      }
      const toClips = (map: FeatureMap<Kind>) => cpuTarget.toClips(g, plain(g, { ...map, kind: 'images' }))
      const plainBlend = blend === undefined ? {} : { blend: { ...blend, residual: toClips(blend.residual) } }
      const y = cpuTarget.temporalConv(g, toClips(x), { ...options, ...plainBlend })
      return { ...cpuTarget.toImages(g, y), kind: 'clips' }
    },

    groupNorm: (g, x, options) => nchwcGroupNorm(g, blocked(g, x), options, block),

    add(g, a, b) {
      if (!fits(a.channels))
        return { ...a, value: add(g, plain(g, a).value, plain(g, b).value), layout: 'nchw' }
      return withValue(a, add(g, blocked(g, a).value, blocked(g, b).value), 'nchwc')
    },

    concatChannels: (g, a, b) =>
      withValue(a, concat(g, [blocked(g, a).value, blocked(g, b).value], 1), 'nchwc'),

    toTokens(g, x) {
      if (x.layout !== 'nchwc') return cpuTarget.toTokens(g, x)
      const [rows, length] = [x.clips * x.frames, x.height * x.width]
      const last = reorderOutput(g, x.value, { channelsLast: true })
      return { value: reshape(g, last, [rows * length, x.channels]), rows, length }
    },

    toImagesFromTokens(g, tokens, like) {
      const channels = tokens.value.shape[1] ?? 0
      if (!fits(channels)) return cpuTarget.toImagesFromTokens(g, tokens, like)
      const last = reshape(g, tokens.value, [tokens.rows, like.height, like.width, channels])
      return withValue(like, reorderInput(g, last, { channelsLast: true }), 'nchwc') satisfies Images
    },
  }
  return target
}

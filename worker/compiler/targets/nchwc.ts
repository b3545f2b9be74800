import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add } from '../ops/elementwise.ts'
import { nchwcConv, reorderInput, reorderOutput } from '../ops/nchwc.ts'
import { concat, reshape } from '../ops/shape.ts'
import { biasOf, cpuTarget, kernelOf } from './cpu.ts'
import type { Clips, Conv2d, FeatureMap, GroupNorm, Images, TemporalConv, Tokens } from './cpu-map.ts'
import { nchwcGroupNorm } from './nchwc-group-norm.ts'
import { nchwcTemporalConv } from './nchwc-temporal-conv.ts'
import { nchwcDoublingConv2d } from './nchwc-upsample.ts'
import { blockKernel, blockKernelOfPlain } from './nchwc-weights.ts'
import type { Target } from './target.ts'

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

/** Frames lie side by side already, image after image: both kinds are the same numbers. */
const asImages = (x: Clips): Images => ({ ...x, kind: 'images' })
const asClips = (x: Images): Clips => ({ ...x, kind: 'clips' })

/**
 * ONNX Runtime's CPU provider in its own blocked layout: not portable ONNX, but made for the process that runs it.
 * Images and clips alike are [clips·frames, C, H, W] in blocks of `block` channels, which is what the processor's
 * vectors hold (see engine/nchwc-block.ts); maps of other numbers of channels (latents, images) stay in plain order.
 */
export const nchwcTarget = (block: number) => {
  const fits = (channels: number): boolean => channels % block === 0
  return {
    ...cpuTarget,
    name: `cpu-nchwc${block}`,

    imagesToNchw: (g, x: Images) => plain(g, x).value,
    imagesToPixels: (g, x: Images) => ({ pixels: plain(g, x).value, layout: 'nchw' }),
    outputImages: (g, name, x: Images) => g.output(name, plain(g, x).value),
    toClips: (_, x: Images) => asClips(x),
    toImages: (_, x: Clips) => asImages(x),

    conv2d(g, x: Images, options: Conv2d): Images {
      const { weight, bias, stride, padding, residual, inChannels } = options
      const [out = 0] = weight.shape
      const into = inChannels === undefined ? (weight.shape[1] ?? 0) : inChannels.to - inChannels.from
      if (!fits(out) || (!fits(into) && into > block)) {
        const { residual: _, ...rest } = options
        const plainResidual = residual === undefined ? {} : { residual: plain(g, residual) }
        return cpuTarget.conv2d(g, plain(g, x), { ...rest, ...plainResidual })
      }
      const kernel = kernelOf(g, options)
      const shape = { bias: biasOf(g, bias), strides: [stride, stride], pads: padding } as const
      const sum = residual === undefined ? null : blocked(g, residual).value
      const value = fits(into)
        ? nchwcConv(g, blocked(g, x).value, { ...shape, sum, weight: blockKernel(g, kernel, block) })
        : nchwcConv(g, plain(g, x).value, { ...shape, sum, weight: blockKernelOfPlain(g, kernel, block) })
      return withValue(x, value, 'nchwc')
    },

    upsampleConv2d(g, x: Images, height, width, options): Images {
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

    temporalConv(g, x: Clips, options: TemporalConv): Clips {
      const { blend } = options
      if (fits(x.channels) && fits(options.weight.shape[0] ?? 0)) {
        const blockedBlend =
          blend === undefined ? {} : { blend: { ...blend, residual: blocked(g, blend.residual) } }
        return nchwcTemporalConv(g, blocked(g, x), { ...options, ...blockedBlend }, block)
      }
      const toClips = (map: Clips): Clips => cpuTarget.toClips(g, plain(g, asImages(map)))
      const plainBlend = blend === undefined ? {} : { blend: { ...blend, residual: toClips(blend.residual) } }
      const y = cpuTarget.temporalConv(g, toClips(x), { ...options, ...plainBlend })
      return asClips(cpuTarget.toImages(g, y))
    },

    groupNorm: <K extends Kind>(g: Graph, x: FeatureMap<K>, options: GroupNorm): FeatureMap<K> =>
      nchwcGroupNorm(g, blocked(g, x), options, block),

    concatChannels: (g, a: Images, b: Images): Images =>
      withValue(a, concat(g, [blocked(g, a).value, blocked(g, b).value], 1), 'nchwc'),

    addFramesToClips(g, a: Images, b: Images): Images {
      if (a.layout === b.layout && a.layout === 'nchw') return cpuTarget.addFramesToClips(g, a, b)
      // In blocks the channels of a block are part of its pixels, which changes no sum.
      const sum = cpuTarget.addFramesToClips(g, blocked(g, a), blocked(g, b))
      return { ...sum, layout: 'nchwc' }
    },

    toTokens(g, x: Images): Tokens {
      if (x.layout !== 'nchwc') return cpuTarget.toTokens(g, x)
      const [rows, length] = [x.clips * x.frames, x.height * x.width]
      const last = reorderOutput(g, x.value, { channelsLast: true })
      return { value: reshape(g, last, [rows * length, x.channels]), rows, length, channels: x.channels }
    },

    addTokens(g, x: Images, tokens: Tokens): Images {
      if (!fits(tokens.channels)) return cpuTarget.addTokens(g, plain(g, x), tokens)
      const last = reshape(g, tokens.value, [tokens.rows, x.height, x.width, tokens.channels])
      const added = reorderInput(g, last, { channelsLast: true })
      return withValue(x, add(g, blocked(g, x).value, added), 'nchwc')
    },
  } satisfies Target
}

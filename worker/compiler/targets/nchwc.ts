import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add } from '../ops/elementwise.ts'
import { nchwcConv, reorderInput, reorderOutput } from '../ops/nchwc.ts'
import { concat, reshape } from '../ops/shape.ts'
import { biasOf, cpuTarget, kernelOf } from './cpu.ts'
import type {
  CpuClips,
  CpuConv2d,
  CpuFeatureMap,
  CpuGroupNorm,
  CpuImages,
  CpuTemporalConv,
  CpuTokens,
} from './cpu-map.ts'
import { nchwcGroupNorm } from './nchwc-group-norm.ts'
import { nchwcTemporalConv } from './nchwc-temporal-conv.ts'
import { nchwcDoublingConv2d } from './nchwc-upsample.ts'
import { blockKernel, blockKernelOfPlain } from './nchwc-weights.ts'
import type { Target } from './target.ts'

type Kind = 'images' | 'clips'

const withValue = <K extends Kind>(
  x: CpuFeatureMap<K>,
  value: Value,
  layout: 'nchw' | 'nchwc',
): CpuFeatureMap<K> => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  return { ...x, value, channels, height, width, layout }
}

const plain = <K extends Kind>(g: Graph, x: CpuFeatureMap<K>): CpuFeatureMap<K> =>
  x.layout === 'nchwc' ? withValue(x, reorderOutput(g, x.value), 'nchw') : x

const blocked = <K extends Kind>(g: Graph, x: CpuFeatureMap<K>): CpuFeatureMap<K> =>
  x.layout === 'nchwc' ? x : withValue(x, reorderInput(g, x.value), 'nchwc')

/** Frames lie side by side already, image after image: both kinds are the same numbers. */
const asImages = (x: CpuClips): CpuImages => ({ ...x, kind: 'images' })
const asClips = (x: CpuImages): CpuClips => ({ ...x, kind: 'clips' })

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

    imagesToNchw: (g, x: CpuImages) => plain(g, x).value,
    imagesToPixels: (g, x: CpuImages) => ({ pixels: plain(g, x).value, layout: 'nchw' }),
    outputImages: (g, name, x: CpuImages) => g.output(name, plain(g, x).value),
    toClips: (_, x: CpuImages) => asClips(x),
    toImages: (_, x: CpuClips) => asImages(x),

    conv2d(g, x: CpuImages, options: CpuConv2d): CpuImages {
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

    upsampleConv2d(g, x: CpuImages, height, width, options): CpuImages {
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

    temporalConv(g, x: CpuClips, options: CpuTemporalConv): CpuClips {
      const { blend } = options
      if (fits(x.channels) && fits(options.weight.shape[0] ?? 0)) {
        const blockedBlend =
          blend === undefined ? {} : { blend: { ...blend, residual: blocked(g, blend.residual) } }
        return nchwcTemporalConv(g, blocked(g, x), { ...options, ...blockedBlend }, block)
      }
      const toClips = (map: CpuClips): CpuClips => cpuTarget.toClips(g, plain(g, asImages(map)))
      const plainBlend = blend === undefined ? {} : { blend: { ...blend, residual: toClips(blend.residual) } }
      const y = cpuTarget.temporalConv(g, toClips(x), { ...options, ...plainBlend })
      return asClips(cpuTarget.toImages(g, y))
    },

    groupNorm: <K extends Kind>(g: Graph, x: CpuFeatureMap<K>, options: CpuGroupNorm): CpuFeatureMap<K> =>
      nchwcGroupNorm(g, blocked(g, x), options, block),

    concatChannels: (g, a: CpuImages, b: CpuImages): CpuImages =>
      withValue(a, concat(g, [blocked(g, a).value, blocked(g, b).value], 1), 'nchwc'),

    addFramesToClips(g, a: CpuImages, b: CpuImages): CpuImages {
      if (a.layout === b.layout && a.layout === 'nchw') return cpuTarget.addFramesToClips(g, a, b)
      // In blocks the channels of a block are part of its pixels, which changes no sum.
      const sum = cpuTarget.addFramesToClips(g, blocked(g, a), blocked(g, b))
      return { ...sum, layout: 'nchwc' }
    },

    toTokens(g, x: CpuImages): CpuTokens {
      if (x.layout !== 'nchwc') return cpuTarget.toTokens(g, x)
      const [rows, length] = [x.clips * x.frames, x.height * x.width]
      const last = reorderOutput(g, x.value, { channelsLast: true })
      return { value: reshape(g, last, [rows * length, x.channels]), rows, length, channels: x.channels }
    },

    addTokens(g, x: CpuImages, tokens: CpuTokens): CpuImages {
      if (!fits(tokens.channels)) return cpuTarget.addTokens(g, plain(g, x), tokens)
      const last = reshape(g, tokens.value, [tokens.rows, x.height, x.width, tokens.channels])
      const added = reorderInput(g, last, { channelsLast: true })
      return withValue(x, add(g, blocked(g, x).value, added), 'nchwc')
    },
  } satisfies Target
}

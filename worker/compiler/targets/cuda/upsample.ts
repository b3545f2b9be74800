import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { cast } from '../../ops/elementwise.ts'
import { nhwcConv } from '../../ops/nhwc-conv.ts'
import { concat, filled, reshape, resizeNearest, slice } from '../../ops/shape.ts'
import type { BiasedLinear } from '../target.ts'
import { mergeTaps, type UpsamplePhase } from '../upsample-phases.ts'
import { type CudaImages, imagesOf, storedChannels } from './map.ts'
import { sumOf, totalOf } from './sum.ts'
import { channelsLastKernel, paddedBias, paddedChannels } from './weights.ts'

/**
 * The kernel of one row phase (see upsample-phases.ts), for the even and the odd column at once, one behind the other
 * as output channels: [2·out, in, 2, 3]. Even columns see taps [k₀, k₁+k₂, 0], odd ones [0, k₀+k₁, k₂].
 */
const rowPhaseKernel = (g: Graph, kernel: Value, row: UpsamplePhase): Value => {
  const rows = mergeTaps(g, kernel, 2, row)
  const [out = 0, into = 0] = rows.shape
  const zeros = reshape(g, filled(g, 0, out * into * 2), [out, into, 2, 1])
  const even = concat(g, [mergeTaps(g, rows, 3, 0), zeros], 3)
  const odd = concat(g, [zeros, mergeTaps(g, rows, 3, 1)], 3)
  return concat(g, [even, odd], 0)
}

/**
 * Exactly twice the size, by two [2, 3] convolutions: 24 products for four pixels instead of 36. Both parities of a
 * column lie side by side as channels, so that only rows have to be interleaved.
 */
const doublingConv = (g: Graph, x: CudaImages, { weight }: BiasedLinear, dtype: DType): Value => {
  const [out = 0] = weight.shape
  const images = x.clips * x.frames
  const { height, width } = x
  const before = totalOf(g, x.sum)
  const kernel = cast(g, g.weight(weight), 'float32')
  const [even, odd] = ([0, 1] as const).map((row) => {
    const phase = nhwcConv(g, before, {
      weight: channelsLastKernel(g, rowPhaseKernel(g, kernel, row), {
        into: storedChannels(x),
        out: 2 * out,
        dtype,
      }),
      strides: [1, 1],
      pads: [1 - row, 1, row, 1],
    })
    return reshape(g, phase, [images, height, 1, 2 * width * out])
  }) as [Value, Value]
  const perProduct = 2 * images * out * x.channels * height * width
  g.avoid('3×3 convolution of pixels that upsampling made equal', perProduct * (36 - 24))
  return reshape(g, concat(g, [even, odd], 2), [images, 2 * height, 2 * width, out])
}

/**
 * As the reference does it, for an image a row or column short of twice its size: the last one has no equal pair. And for
 * float32, for which cuDNN has no plan for a kernel [2, 3] and its padding (see symmetric-padding.ts).
 */
const resizeThenConv = (
  g: Graph,
  x: CudaImages,
  height: number,
  width: number,
  { weight }: BiasedLinear,
  dtype: DType,
): Value => {
  const doubled = resizeNearest(g, totalOf(g, x.sum), 2, [1, 2])
  const cut = slice(g, slice(g, doubled, 1, 0, height), 2, 0, width)
  const sizes = { into: storedChannels(x), out: paddedChannels(weight.shape[0] ?? 0), dtype }
  return nhwcConv(g, cut, {
    weight: channelsLastKernel(g, g.weight(weight), sizes),
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  })
}

export const cudaUpsampleConv2d = (
  g: Graph,
  x: CudaImages,
  height: number,
  width: number,
  options: BiasedLinear,
  dtype: DType,
): CudaImages => {
  const channels = options.weight.shape[0] ?? 0
  const isDouble = height === 2 * x.height && width === 2 * x.width && paddedChannels(channels) === channels
  const product =
    isDouble && dtype !== 'float32'
      ? doublingConv(g, x, options, dtype)
      : resizeThenConv(g, x, height, width, options, dtype)
  const bias = paddedBias(g, options.bias, product.shape[3] ?? 0, dtype)
  return imagesOf(sumOf(product, { bias }), x, channels)
}

import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { add, cast } from '../../ops/elementwise.ts'
import { matmulTransposed } from '../../ops/matmul.ts'
import { nhwcConv } from '../../ops/nhwc-conv.ts'
import { concat, reshape, slice } from '../../ops/shape.ts'
import { viewAs } from '../../weights/weight-tensor.ts'
import { mixShares } from '../mix-shares.ts'
import {
  type CudaClips,
  type CudaConv2d,
  type CudaImages,
  type CudaTemporalConv,
  imagesOf,
  storedChannels,
} from './map.ts'
import { sumOf, totalOf, viewOfTotal, withResidual } from './sum.ts'
import { paddedConv } from './symmetric-padding.ts'
import { channelsLastKernel, paddedBias, paddedChannels, parameter, storedKernel } from './weights.ts'

/** A 1×1 convolution is a product of pixels, and its kernel a matrix as stored. */
const pointwise = (g: Graph, x: CudaImages, { weight }: CudaConv2d, dtype: DType): Value => {
  const [out = 0, into = 0] = weight.shape
  const [images = 0, height = 0, width = 0] = x.sum.product.shape
  const pixels = viewOfTotal(g, x.sum, [images, height * width, storedChannels(x)])
  const product = matmulTransposed(
    g,
    slice(g, pixels, 2, 0, into),
    parameter(g, viewAs(weight, [out, into]), dtype),
  )
  return reshape(g, product, [images, height, width, out])
}

const isPointwise = ({ weight, stride, padding, inChannels }: CudaConv2d): boolean =>
  weight.shape[2] === 1 &&
  weight.shape[3] === 1 &&
  stride === 1 &&
  padding.every((size) => size === 0) &&
  inChannels === undefined

/** Two biases of convolutions are constants, and so is their sum, which is rounded once. */
const addConstants =
  (g: Graph) =>
  (a: Value, b: Value): Value =>
    cast(g, add(g, cast(g, a, 'float32'), cast(g, b, 'float32')), a.dtype)

export const conv2d = (g: Graph, x: CudaImages, options: CudaConv2d, dtype: DType): CudaImages => {
  const { weight, bias, stride, padding, residual } = options
  const channels = weight.shape[0] ?? 0
  const isProduct = isPointwise(options)
  const out = isProduct ? channels : paddedChannels(channels)
  const product = isProduct
    ? pointwise(g, x, options, dtype)
    : paddedConv(g, totalOf(g, x.sum), {
        ...{ kernel: storedKernel(g, options), pads: padding, stride },
        sizes: { into: storedChannels(x), out, dtype },
      })
  const addend = bias === null ? null : paddedBias(g, bias, out, dtype)
  return imagesOf(withResidual(g, product, addend, residual?.sum ?? null, addConstants(g)), x, channels)
}

/** A [3, 1] kernel over [clips, frames, H·W, C]. The blend's share goes into weights and bias. */
export const temporalConv = (
  g: Graph,
  x: CudaClips,
  { weight, bias, blend }: CudaTemporalConv,
  dtype: DType,
): CudaClips => {
  const [channels = 0, kernelChannels = 0, taps = 0] = weight.shape
  const { clips, frames, height, width } = x
  const [into, out] = [storedChannels(x), paddedChannels(channels)]
  const share = blend === undefined ? null : mixShares(g, blend.mix).temporal
  const kernel = g.weight(viewAs(weight, [channels, kernelChannels, taps, 1]))
  const product = nhwcConv(g, viewOfTotal(g, x.sum, [clips, frames, height * width, into]), {
    weight: channelsLastKernel(g, kernel, { into, out, dtype }, share),
    strides: [1, 1],
    pads: [1, 0, 1, 0],
  })
  const asImages = reshape(g, product, [clips * frames, height, width, out])
  const addend = paddedBias(g, bias, out, dtype, share)
  const residual = blend === undefined ? null : totalOf(g, blend.residual.sum)
  return { ...x, channels, sum: sumOf(asImages, { bias: addend, residual }) }
}

/** Pads channels to a multiple of eight. The padding repeats given channels, because every kernel has zeros there. */
export const padMapChannels = (g: Graph, x: Value): Value => {
  const channels = x.shape.at(-1) ?? 0
  const missing = paddedChannels(channels) - channels
  if (missing === 0) return x
  const axis = x.shape.length - 1
  const whole = Array.from({ length: Math.floor(missing / channels) }, () => x)
  const rest = missing % channels
  return concat(g, [x, ...whole, ...(rest === 0 ? [] : [slice(g, x, axis, 0, rest)])], axis)
}

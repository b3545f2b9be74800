import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Value } from '../../graph/value.ts'
import { add, cast } from '../../ops/elementwise.ts'
import { concat, reshape, slice, transpose } from '../../ops/shape.ts'
import { inPieces } from '../image-pieces.ts'
import type { Target } from '../target.ts'
import { conv2d, padMapChannels, temporalConv } from './convolution.ts'
import { cudaGroupNorm } from './group-norm.ts'
import { MAX_ELEMENTS, piecesWithin } from './limits.ts'
import {
  type CudaClips,
  type CudaConv2d,
  type CudaImages,
  type CudaTemporalConv,
  type CudaTokens,
  imagesOf,
  storedChannels,
} from './map.ts'
import { sumOf, totalOf, viewOfTotal } from './sum.ts'
import { cudaTokenVerbs } from './tokens.ts'
import { cudaUpsampleConv2d } from './upsample.ts'

/** [n, H, W, C] in float32, without the channels that pad. */
const pixelsOf = (g: Graph, x: CudaImages): Value =>
  cast(g, slice(g, totalOf(g, x.sum), 3, 0, x.channels), 'float32')

export interface CudaGraphOptions {
  /** Head sizes of attention whose q, k and v are packed, see packed-attention.ts. Default none. */
  readonly packedHeadSizes?: readonly number[]
}

/**
 * ONNX Runtime's CUDA provider, opset 20 and com.microsoft: channels last, so that images, clips and tokens are views
 * of one another, and every addition made by the op that reads the sum where there is such an op (see sum.ts).
 */
export const cudaTarget = (dtype: 'float16' | 'float32', { packedHeadSizes = [] }: CudaGraphOptions = {}) =>
  ({
    name: `cuda-${dtype}${packedHeadSizes.length === 0 ? '' : '-packed'}`,
    dtype,
    ...cudaTokenVerbs(dtype, packedHeadSizes),
    groupNorm: cudaGroupNorm,

    imagesFromNchw(g, x, frames) {
      const size = x.shape.slice(-3)
      const [channels = 0] = size
      const images = elementCount(x.shape) / elementCount(size)
      const last = transpose(g, reshape(g, x, [images, ...size]), [0, 2, 3, 1])
      const value = cast(g, padMapChannels(g, last), dtype)
      return imagesOf(sumOf(value), { clips: images / frames, frames }, channels)
    },

    imagesToNchw: (g, x: CudaImages) => transpose(g, pixelsOf(g, x), [0, 3, 1, 2]),

    imagesToPixels: (g, x: CudaImages) => ({ pixels: pixelsOf(g, x), layout: 'nhwc' }),

    outputImages: (g, name, x: CudaImages) => g.output(name, cast(g, totalOf(g, x.sum), 'float32')),

    inputImages(g, name, size) {
      const { clips, frames, height, width, channels } = size
      const value = g.input(name, [clips * frames, height, width, channels])
      return imagesOf(sumOf(cast(g, value, dtype)), size, channels)
    },

    toClips: (_, x: CudaImages): CudaClips => ({ ...x, kind: 'clips' }),
    toImages: (_, x: CudaClips): CudaImages => ({ ...x, kind: 'images' }),

    conv2d: (g, x: CudaImages, options: CudaConv2d) => conv2d(g, x, options, dtype),
    temporalConv: (g, x: CudaClips, options: CudaTemporalConv) => temporalConv(g, x, options, dtype),
    upsampleConv2d: (g, x: CudaImages, height, width, options) =>
      cudaUpsampleConv2d(g, x, height, width, options, dtype),

    concatChannels(g, a: CudaImages, b: CudaImages) {
      const sum = sumOf(concat(g, [totalOf(g, a.sum), totalOf(g, b.sum)], 3))
      return imagesOf(sum, a, a.channels + b.channels)
    },

    addFramesToClips(g, a: CudaImages, b: CudaImages) {
      const { frames, height, width } = a
      const channels = storedChannels(a)
      // The bias of the frames' convolution stays for the next reader.
      const { product, bias, residual, known } = a.sum
      const [first, pending] =
        residual === null && known.total === null ? [product, bias] : [totalOf(g, a.sum), null]
      const perFrame = reshape(g, first, [1, frames, height * width, channels])
      const perClip = viewOfTotal(g, b.sum, [b.clips, 1, height * width, channels])
      const added = reshape(g, add(g, perFrame, perClip), [b.clips * frames, height, width, channels])
      return imagesOf(sumOf(added, { bias: pending }), { clips: b.clips, frames }, a.channels)
    },

    inImagePieces(g: Graph, x: CudaImages, numbersPerImage, layers) {
      const images = x.clips * x.frames
      const count = piecesWithin(images, Math.floor(MAX_ELEMENTS / numbersPerImage))
      if (count === 1) return layers(x)
      let channels = x.channels
      const joined = inPieces(g, totalOf(g, x.sum), count, (value) => {
        const piece = imagesOf(sumOf(value), { clips: 1, frames: value.shape[0] ?? 0 }, x.channels)
        const y = layers(piece) as CudaImages
        channels = y.channels
        return totalOf(g, y.sum)
      })
      return imagesOf(sumOf(joined), x, channels)
    },

    toTokens(g, x: CudaImages): CudaTokens {
      const { clips, frames, height, width, channels } = x
      const [rows, length] = [clips * frames, height * width]
      const sum = sumOf(viewOfTotal(g, x.sum, [rows, length, channels]))
      return { rows, length, channels, sum, order: 'spatial' }
    },

    addTokens(g, x: CudaImages, tokens: CudaTokens) {
      const { product, bias, residual } = tokens.sum
      const { shape } = x.sum.product
      if (residual !== null || tokens.sum.known.total !== null) {
        const total = viewOfTotal(g, tokens.sum, shape)
        return imagesOf(sumOf(total, { residual: totalOf(g, x.sum) }), x, x.channels)
      }
      const sum = sumOf(reshape(g, product, shape), { bias, residual: totalOf(g, x.sum) })
      return imagesOf(sum, x, x.channels)
    },
  }) satisfies Target

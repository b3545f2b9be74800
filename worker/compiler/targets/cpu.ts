import { elementCount } from '../../checkpoint/element-count.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { conv } from '../ops/conv.ts'
import { add, mul } from '../ops/elementwise.ts'
import { concat, reshape, slice, transpose } from '../ops/shape.ts'
import { viewAs, type WeightTensor } from '../weights/weight-tensor.ts'
import { cpuGroupNorm } from './cpu-group-norm.ts'
import { float32Parameter } from './cpu-linear.ts'
import type { CpuClips, CpuConv2d, CpuFeatureMap, CpuImages, CpuTemporalConv, CpuTokens } from './cpu-map.ts'
import { cpuTokenVerbs } from './cpu-tokens.ts'
import { cpuUpsampleConv2d } from './cpu-upsample.ts'
import { inPieces, pieceCount } from './image-pieces.ts'
import { mixShares } from './mix-shares.ts'
import type { Conv2d as AnyConv2d, Target } from './target.ts'

/*
 * Portable ONNX for CPUs: standard ops and documented com.microsoft ones. Layouts: images are [clips·frames, C, H, W];
 * clips are [clips, C, frames, H·W]. Between the two lies one transpose, after which a temporal convolution is an
 * ordinary 2D one with a 3×1 kernel and the statistics of a clip's group norm are contiguous.
 */

/** Some such maps together are little beside a network's input, and still fill the threads. */
const IMAGE_PIECE_NUMBERS = 8 * 2 ** 20

const images = (value: Value, like: Pick<CpuFeatureMap, 'clips' | 'frames'>): CpuImages => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  const { clips, frames } = like
  return { kind: 'images', value, clips, frames, channels, height, width, layout: 'nchw' }
}

/** The kernel, or the input channels of it that a map holds. */
export const kernelOf = (
  g: Graph,
  { weight, inChannels }: Pick<AnyConv2d, 'weight' | 'inChannels'>,
): Value =>
  inChannels === undefined
    ? float32Parameter(g, weight)
    : slice(g, float32Parameter(g, weight), 1, inChannels.from, inChannels.to)

export const biasOf = (g: Graph, bias: WeightTensor | null): Value | null =>
  bias === null ? null : float32Parameter(g, bias)

export const cpuTarget = {
  name: 'cpu',
  dtype: 'float32',
  ...cpuTokenVerbs,
  groupNorm: cpuGroupNorm,
  upsampleConv2d: (g, x: CpuImages, height, width, options) =>
    images(cpuUpsampleConv2d(g, x, height, width, options), x),

  imagesFromNchw(g, x, frames) {
    const size = x.shape.slice(-3)
    const count = elementCount(x.shape) / elementCount(size)
    return images(reshape(g, x, [count, ...size]), { clips: count / frames, frames })
  },

  imagesToNchw: (_, x: CpuImages) => x.value,

  imagesToPixels: (_, x: CpuImages) => ({ pixels: x.value, layout: 'nchw' }),

  outputImages: (g, name, x: CpuImages) => g.output(name, x.value),

  inputImages: (g, name, size) =>
    images(g.input(name, [size.clips * size.frames, size.channels, size.height, size.width]), size),

  toClips(g, x: CpuImages): CpuClips {
    const split5d = reshape(g, x.value, [x.clips, x.frames, x.channels, x.height * x.width])
    return { ...x, kind: 'clips', value: transpose(g, split5d, [0, 2, 1, 3]) }
  },

  toImages(g, x: CpuClips): CpuImages {
    const back = transpose(g, x.value, [0, 2, 1, 3])
    const value = reshape(g, back, [x.clips * x.frames, x.channels, x.height, x.width])
    return { ...x, kind: 'images', value }
  },

  conv2d(g, x: CpuImages, options: CpuConv2d): CpuImages {
    const { bias, stride, padding, residual } = options
    const value = conv(g, x.value, {
      weight: kernelOf(g, options),
      bias: biasOf(g, bias),
      strides: [stride, stride],
      pads: padding,
    })
    return images(residual === undefined ? value : add(g, residual.value, value), x)
  },

  temporalConv(g, x: CpuClips, { weight, bias, blend }: CpuTemporalConv): CpuClips {
    const [out = 0, into = 0, taps = 0] = weight.shape
    const share = blend === undefined ? null : mixShares(g, blend.mix).temporal
    const scaled = (part: Value): Value => (share === null ? part : mul(g, part, share))
    const value = conv(g, x.value, {
      weight: scaled(float32Parameter(g, viewAs(weight, [out, into, taps, 1]))),
      bias: scaled(float32Parameter(g, bias)),
      strides: [1, 1],
      pads: [1, 0, 1, 0],
    })
    return { ...x, channels: out, value: blend === undefined ? value : add(g, blend.residual.value, value) }
  },

  concatChannels: (g, a: CpuImages, b: CpuImages) => images(concat(g, [a.value, b.value], 1), a),

  addFramesToClips(g, a: CpuImages, b: CpuImages): CpuImages {
    const { channels, height, width, frames } = a
    const perFrame = reshape(g, a.value, [1, frames, channels, height * width])
    const perClip = reshape(g, b.value, [b.clips, 1, channels, height * width])
    const value = reshape(g, add(g, perFrame, perClip), [b.clips * frames, channels, height, width])
    return images(value, { clips: b.clips, frames })
  },

  inImagePieces(g, x: CpuImages, numbersPerImage, layers) {
    const count = pieceCount(x.clips * x.frames, numbersPerImage, IMAGE_PIECE_NUMBERS)
    if (count === 1) return layers(x)
    // The layout that the layers leave, and their sizes, are the same for all pieces.
    let last = x
    const value = inPieces(g, x.value, count, (piece) => {
      last = layers({ ...x, value: piece, clips: 1, frames: piece.shape[0] ?? 0 } as CpuImages) as CpuImages
      return last.value
    })
    return { ...last, value, clips: x.clips, frames: x.frames }
  },

  toTokens(g, x: CpuImages): CpuTokens {
    const [rows, length] = [x.clips * x.frames, x.height * x.width]
    const last = transpose(g, reshape(g, x.value, [rows, x.channels, length]), [0, 2, 1])
    const value = reshape(g, last, [rows * length, x.channels])
    return { value, rows, length, channels: x.channels }
  },

  addTokens(g, x: CpuImages, { value, rows, length, channels }: CpuTokens): CpuImages {
    const first = transpose(g, reshape(g, value, [rows, length, channels]), [0, 2, 1])
    return images(add(g, x.value, reshape(g, first, x.value.shape)), x)
  },
} satisfies Target

import type { Value } from '../graph/value.ts'
import { conv } from '../ops/conv.ts'
import { add, mul } from '../ops/elementwise.ts'
import { concat, reshape, transpose } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { groupNorm } from './cpu-group-norm.ts'
import { imagePieces } from './cpu-image-pieces.ts'
import { parameter, tokenVerbs } from './cpu-tokens.ts'
import { upsampleConv2d } from './cpu-upsample.ts'
import type { Clips, FeatureMap, Images, Target } from './target.ts'

/*
 * Portable ONNX for CPUs: standard ops and documented com.microsoft ones. Layouts: images are [clips·frames, C, H, W];
 * clips are [clips, C, frames, H·W]. Between the two lies one transpose, after which a temporal convolution is an
 * ordinary 2D one with a 3×1 kernel and the statistics of a clip's group norm are contiguous.
 */

const images = (value: Value, like: Pick<FeatureMap, 'clips' | 'frames'>): Images => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  return {
    kind: 'images',
    value,
    clips: like.clips,
    frames: like.frames,
    channels,
    height,
    width,
    layout: 'nchw',
  }
}

export const cpuTarget: Target = {
  name: 'cpu',
  dtype: 'float32',
  ...tokenVerbs,
  groupNorm,
  upsampleConv2d: (g, x, height, width, options) => images(upsampleConv2d(g, x, height, width, options), x),

  imagesFromNchw: (_, x, frames) => images(x, { clips: (x.shape[0] ?? 0) / frames, frames }),

  imagesToNchw: (_, x) => x.value,

  toClips(g, x) {
    const split5d = reshape(g, x.value, [x.clips, x.frames, x.channels, x.height * x.width])
    return { ...x, kind: 'clips', value: transpose(g, split5d, [0, 2, 1, 3]) } satisfies Clips
  },

  toImages(g, x) {
    const back = transpose(g, x.value, [0, 2, 1, 3])
    const value = reshape(g, back, [x.clips * x.frames, x.channels, x.height, x.width])
    return { ...x, kind: 'images', value }
  },

  conv2d(g, x, { weight, bias, stride, padding, residual }) {
    const value = conv(g, x.value, {
      weight: parameter(g, weight),
      bias: bias === null ? null : parameter(g, bias),
      strides: [stride, stride],
      pads: padding,
    })
    return images(residual === undefined ? value : add(g, residual.value, value), x)
  },

  temporalConv(g, x, { weight, bias, blend }) {
    const [out = 0, into = 0, taps = 0] = weight.shape
    const scaled = (part: Value): Value => (blend === undefined ? part : mul(g, part, blend.factor))
    const value = conv(g, x.value, {
      weight: scaled(parameter(g, viewAs(weight, [out, into, taps, 1]))),
      bias: scaled(parameter(g, bias)),
      strides: [1, 1],
      pads: [1, 0, 1, 0],
    })
    return { ...x, channels: out, value: blend === undefined ? value : add(g, blend.residual.value, value) }
  },

  add: (g, a, b) => ({ ...a, value: add(g, a.value, b.value) }),

  concatChannels: (g, a, b) => images(concat(g, [a.value, b.value], 1), a),
  ...imagePieces,

  toTokens(g, x) {
    const [rows, length] = [x.clips * x.frames, x.height * x.width]
    const last = transpose(g, reshape(g, x.value, [rows, x.channels, length]), [0, 2, 1])
    return { value: reshape(g, last, [rows * length, x.channels]), rows, length }
  },

  toImagesFromTokens(g, { value, rows, length }, like) {
    const channels = value.shape[1] ?? 0
    const first = transpose(g, reshape(g, value, [rows, length, channels]), [0, 2, 1])
    return images(reshape(g, first, [rows, channels, like.height, like.width]), like)
  },
}

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { multiHeadAttention } from '../ops/attention.ts'
import { conv } from '../ops/conv.ts'
import { add, cast, gelu, mul } from '../ops/elementwise.ts'
import { gemm } from '../ops/matmul.ts'
import { layerNormalization } from '../ops/normalization.ts'
import { concat, reshape, transpose } from '../ops/shape.ts'
import { rowsOf, viewAs } from '../weights/weight-tensor.ts'
import { groupNorm } from './cpu-group-norm.ts'
import { upsampleConv2d } from './cpu-upsample.ts'
import type { Clips, FeatureMap, Images, Linear, Target } from './target.ts'

/*
 * Layouts: images are [clips·frames, C, H, W]; clips are [clips, C, frames, H·W]. Between the two lies one
 * transpose, after which a temporal convolution is an ordinary 2D one with a 3×1 kernel and the statistics of a
 * clip's group norm are contiguous.
 */

const parameter: Target['parameter'] = (g, weight) => cast(g, g.weight(weight), 'float32')

const images = (value: Value, like: Pick<FeatureMap, 'clips' | 'frames'>): Images => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  return { kind: 'images', value, clips: like.clips, frames: like.frames, channels, height, width }
}

const linear = (g: Graph, x: Value, { weight, bias }: Linear): Value =>
  gemm(g, x, parameter(g, weight), bias === null ? null : parameter(g, bias))

export const cpuTarget: Target = {
  name: 'cpu',
  dtype: 'float32',
  // Three such pieces fit a server's last-level cache; whole hidden layers only wait for main memory.
  feedForwardPieceBytes: 8 * 2 ** 20,
  parameter,
  groupNorm: (g, x, options) => groupNorm(g, x, options, parameter),
  upsampleConv2d: (g, x, height, width, options) =>
    images(upsampleConv2d(g, x, { ...options, height, width }, parameter), x),
  linear,

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

  conv2d: (g, x, { weight, bias, stride, padding }) =>
    images(
      conv(g, x.value, {
        weight: parameter(g, weight),
        bias: bias === null ? null : parameter(g, bias),
        strides: [stride, stride],
        pads: padding,
      }),
      x,
    ),

  temporalConv(g, x, { weight, bias }) {
    const [out = 0, into = 0, taps = 0] = weight.shape
    const value = conv(g, x.value, {
      weight: parameter(g, viewAs(weight, [out, into, taps, 1])),
      bias: parameter(g, bias),
      strides: [1, 1],
      pads: [1, 0, 1, 0],
    })
    return { ...x, channels: out, value }
  },

  add: (g, a, b) => ({ ...a, value: add(g, a.value, b.value) }),

  concatChannels: (g, a, b) => images(concat(g, [a.value, b.value], 1), a),

  addScaled: (g, x, branch, factor) => ({ ...x, value: add(g, x.value, mul(g, branch.value, factor)) }),

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

  toTemporalTokens(g, { value, rows, length }, frames) {
    const channels = value.shape[1] ?? 0
    const byFrame = reshape(g, value, [rows / frames, frames, length, channels])
    const byPlace = reshape(g, transpose(g, byFrame, [0, 2, 1, 3]), value.shape)
    return { value: byPlace, rows: (rows / frames) * length, length: frames }
  },

  toSpatialTokens(g, { value, rows, length }, clips) {
    const channels = value.shape[1] ?? 0
    const byPlace = reshape(g, value, [clips, rows / clips, length, channels])
    const byFrame = reshape(g, transpose(g, byPlace, [0, 2, 1, 3]), value.shape)
    return { value: byFrame, rows: clips * length, length: rows / clips }
  },

  layerNorm: (g, x, { weight, bias, epsilon }) =>
    layerNormalization(g, x, parameter(g, weight), parameter(g, bias), epsilon),

  geglu(g, x, { weight, bias }) {
    // Two products of half the width, each written where it is read next, instead of one and a copy of its halves.
    const half = (weight.shape[0] ?? 0) / 2
    const part = (from: number): Value =>
      linear(g, x, { weight: rowsOf(weight, from, from + half), bias: rowsOf(bias, from, from + half) })
    return mul(g, part(0), gelu(g, part(half)))
  },

  attention(g, q, k, v, { rows, heads }) {
    const [count = 0, channels = 0] = q.shape
    const sequences = (x: Value): Value => reshape(g, x, [rows, count / rows, channels])
    return reshape(g, multiHeadAttention(g, sequences(q), sequences(k), sequences(v), heads), [
      count,
      channels,
    ])
  },
}

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { multiHeadAttention } from '../ops/attention.ts'
import { conv } from '../ops/conv.ts'
import { add, cast, gelu, mul, silu } from '../ops/elementwise.ts'
import { gemm } from '../ops/matmul.ts'
import { instanceNormalization, layerNormalization } from '../ops/normalization.ts'
import { concat, reshape, resizeNearest, slice, split, transpose } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import type { Clips, FeatureMap, GroupNorm, Images, Target } from './target.ts'

/*
 * Layouts: images are [clips·frames, C, H, W]; clips are [clips, C, frames, H·W]. Between the two lies one
 * transpose, after which a temporal convolution is an ordinary 2D one with a 3×1 kernel and the statistics of a
 * clip's group norm are contiguous.
 */

const images = (value: Value, like: Pick<FeatureMap, 'clips' | 'frames'>): Images => {
  const [, channels = 0, height = 0, width = 0] = value.shape
  return { kind: 'images', value, clips: like.clips, frames: like.frames, channels, height, width }
}

const parameter: Target['parameter'] = (g, weight) => cast(g, g.weight(weight), 'float32')

const normalizeGroups = (g: Graph, x: Value, groups: number, epsilon: number): Value => {
  const [items = 0, ...rest] = x.shape
  const elements = rest.reduce((product, size) => product * size, 1)
  const ones = g.inline(new Float32Array(groups).fill(1), [groups])
  const zeros = g.inline(new Float32Array(groups), [groups])
  const grouped = reshape(g, x, [items, groups, elements / groups])
  return reshape(g, instanceNormalization(g, grouped, ones, zeros, epsilon), x.shape)
}

const groupNorm = <Kind extends 'images' | 'clips'>(
  g: Graph,
  x: FeatureMap<Kind>,
  { weight, bias, groups, epsilon, activation, shift }: GroupNorm,
): FeatureMap<Kind> => {
  const perChannel = [1, x.channels, 1, 1]
  const rows = shift?.shape[0] ?? 1
  let shifted = x.value
  if (shift != null && rows === 1) shifted = add(g, shifted, reshape(g, shift, perChannel))
  if (shift != null && rows !== 1) {
    const byClip = reshape(g, shifted, [x.clips, (shifted.shape[0] ?? 0) / x.clips, x.channels, -1].map((size) =>
      size === -1 ? x.height * x.width * (x.kind === 'clips' ? x.frames : 1) : size))
    shifted = reshape(g, add(g, byClip, reshape(g, shift, [x.clips, 1, x.channels, 1])), shifted.shape)
  }
  const normalized = normalizeGroups(g, shifted, groups, epsilon)
  const scaled = mul(g, normalized, parameter(g, viewAs(weight, perChannel)))
  const affine = add(g, scaled, parameter(g, viewAs(bias, perChannel)))
  return { ...x, value: activation === 'silu' ? silu(g, affine) : affine }
}

export const cpuTarget: Target = {
  name: 'cpu',
  dtype: 'float32',
  parameter,
  groupNorm,

  imagesFromNchw: (_, x, frames) => images(x, { clips: (x.shape[0] ?? 0) / frames, frames }),

  imagesToNchw: (_, x) => x.value,

  toClips(g, x) {
    const pixels = x.height * x.width
    const split5d = reshape(g, x.value, [x.clips, x.frames, x.channels, pixels])
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

  upsampleConv2d(g, x, height, width, { weight, bias }) {
    const doubled = resizeNearest(g, x.value, 2)
    const cropped = slice(g, slice(g, doubled, 2, 0, height), 3, 0, width)
    return cpuTarget.conv2d(g, images(cropped, x), { weight, bias, stride: 1, padding: [1, 1, 1, 1] })
  },

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
    const flat = reshape(g, x.value, [x.clips * x.frames, x.channels, x.height * x.width])
    return transpose(g, flat, [0, 2, 1])
  },

  toImagesFromTokens(g, tokens, like) {
    const back = transpose(g, tokens, [0, 2, 1])
    const channels = tokens.shape[2] ?? 0
    return images(reshape(g, back, [like.clips * like.frames, channels, like.height, like.width]), like)
  },

  toTemporalTokens(g, tokens, frames) {
    const [rows = 0, length = 0, channels = 0] = tokens.shape
    const byFrame = reshape(g, tokens, [rows / frames, frames, length, channels])
    return reshape(g, transpose(g, byFrame, [0, 2, 1, 3]), [(rows / frames) * length, frames, channels])
  },

  toSpatialTokens(g, tokens, clips) {
    const [rows = 0, frames = 0, channels = 0] = tokens.shape
    const byPlace = reshape(g, tokens, [clips, rows / clips, frames, channels])
    return reshape(g, transpose(g, byPlace, [0, 2, 1, 3]), [clips * frames, rows / clips, channels])
  },

  linear(g, x, { weight, bias }) {
    const into = x.shape.at(-1) ?? 0
    const rows = x.shape.slice(0, -1).reduce((product, size) => product * size, 1)
    const y = gemm(g, reshape(g, x, [rows, into]), parameter(g, weight), bias === null ? null : parameter(g, bias))
    return reshape(g, y, [...x.shape.slice(0, -1), y.shape[1] ?? 0])
  },

  layerNorm: (g, x, { weight, bias, epsilon }) =>
    layerNormalization(g, x, parameter(g, weight), parameter(g, bias), epsilon),

  attention: multiHeadAttention,

  geglu(g, x, { weight, bias }) {
    const [hidden, gate] = split(g, cpuTarget.linear(g, x, { weight, bias }), x.shape.length - 1, 2)
    return mul(g, hidden as Value, gelu(g, gate as Value))
  },
}

import { elementCount } from '../../checkpoint/element-count.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, gelu, mul, quickGelu, silu } from '../ops/elementwise.ts'
import { layerNormalization } from '../ops/normalization.ts'
import { concat, reshape, slice, splitSizes, transpose } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { attention } from './cpu-attention.ts'
import { FEED_FORWARD_PIECE_BYTES, feedForwardInPieces, float32Parameter, linear } from './cpu-linear.ts'
import type { CpuTokens } from './cpu-map.ts'
import { mixShares } from './mix-shares.ts'
import { type Activation, type Mix, QUICK_GELU_ALPHA, type Target } from './target.ts'

/* What both layouts of the CPU do with tokens: they are matrices [rows·length, C] in either. */

const oneRow = (value: Value): CpuTokens => {
  const [length = 0, channels = 0] = value.shape
  return { rows: 1, length, channels, value }
}

/** The same sequences with other numbers. */
const withValue = (x: CpuTokens, value: Value): CpuTokens => ({ ...x, channels: value.shape[1] ?? 0, value })

const ACTIVATIONS: Readonly<Record<Activation, (g: Graph, x: Value) => Value>> = {
  silu,
  gelu,
  quick_gelu: (g, x) => quickGelu(g, x, QUICK_GELU_ALPHA),
}

const addPerClip = (g: Graph, tokens: Value, rows: Value): Value => {
  const [count = 0, channels = 0] = tokens.shape
  const [clips = 1] = rows.shape
  if (clips === 1) return add(g, tokens, rows)
  const byClip = reshape(g, tokens, [clips, count / clips, channels])
  return reshape(g, add(g, byClip, reshape(g, rows, [clips, 1, channels])), tokens.shape)
}

const addPerFrame = (g: Graph, tokens: Value, rows: Value): Value => {
  const [count = 0, channels = 0] = tokens.shape
  const [frames = 1] = rows.shape
  const byPixel = reshape(g, tokens, [count / frames, frames * channels])
  return reshape(g, add(g, byPixel, reshape(g, rows, [1, frames * channels])), tokens.shape)
}

/** Sequences per pixel → sequences per image. */
const toSpatial = (g: Graph, { value, rows, length }: CpuTokens, clips: number): Value => {
  const channels = value.shape[1] ?? 0
  const byPixel = reshape(g, value, [clips, rows / clips, length, channels])
  return reshape(g, transpose(g, byPixel, [0, 2, 1, 3]), value.shape)
}

const blend = (g: Graph, spatial: CpuTokens, temporal: CpuTokens, mix: Mix): CpuTokens => {
  const shares = mixShares(g, mix)
  const back = toSpatial(g, temporal, temporal.rows / spatial.length)
  return withValue(spatial, add(g, mul(g, spatial.value, shares.spatial), mul(g, back, shares.temporal)))
}

export const cpuTokenVerbs = {
  tokensFromMatrix(g, x, rows) {
    const channels = x.shape.at(-1) ?? 0
    const count = elementCount(x.shape) / channels
    return { rows, length: count / rows, channels, value: reshape(g, x, [count, channels]) }
  },

  tokensToMatrix: (_, { value }: CpuTokens) => value,

  packTokens: (g, parts: readonly CpuTokens[]) =>
    concat(
      g,
      parts.map(({ value }) => value),
      1,
    ),

  unpackTokens: (g, packed, widths) => splitSizes(g, packed, 1, widths).map(oneRow),

  linear(g, x: CpuTokens, options: Parameters<Target['linear']>[2] & { readonly residual?: CpuTokens }) {
    const value = linear(g, x.value, options)
    return withValue(x, options.residual === undefined ? value : add(g, value, options.residual.value))
  },

  layerNorm: (g, x: CpuTokens, { weight, bias, epsilon }) =>
    withValue(
      x,
      layerNormalization(g, x.value, float32Parameter(g, weight), float32Parameter(g, bias), epsilon),
    ),

  activate: (g, x: CpuTokens, activation) => withValue(x, ACTIVATIONS[activation](g, x.value)),

  add(g, x: CpuTokens, y: CpuTokens) {
    const value = add(g, x.value, y.value)
    return { ...x, length: (value.shape[0] ?? 0) / x.rows, value }
  },

  addRows: (g, x: CpuTokens, rows: CpuTokens, per) =>
    withValue(x, (per === 'clip' ? addPerClip : addPerFrame)(g, x.value, rows.value)),

  addParameter: (g, x: CpuTokens, weight) => withValue(x, add(g, x.value, float32Parameter(g, weight))),

  prependToken(g, x: CpuTokens, weight) {
    const token = float32Parameter(g, viewAs(weight, [1, x.channels]))
    return oneRow(concat(g, [token, x.value], 0))
  },

  firstToken: (g, x: CpuTokens) => oneRow(slice(g, x.value, 0, 0, 1)),

  selfAttention(g, x: CpuTokens, { toQ, toK, toV, heads }) {
    const [q, k, v] = [linear(g, x.value, toQ), linear(g, x.value, toK), linear(g, x.value, toV)]
    return withValue(x, attention(g, q, k, v, { rows: x.rows, length: x.length, heads }))
  },

  feedForward: (
    g,
    x: CpuTokens,
    options: Parameters<Target['feedForward']>[2] & { readonly residual: CpuTokens },
  ) =>
    withValue(
      x,
      add(g, feedForwardInPieces(g, x.value, options, FEED_FORWARD_PIECE_BYTES), options.residual.value),
    ),

  toTemporalTokens(g, { value, rows, length, channels }: CpuTokens, frames) {
    const byFrame = reshape(g, value, [rows / frames, frames, length, channels])
    const byPixel = reshape(g, transpose(g, byFrame, [0, 2, 1, 3]), value.shape)
    return { value: byPixel, rows: (rows / frames) * length, length: frames, channels }
  },

  blend,

  blendedLinear: (g, spatial: CpuTokens, temporal: CpuTokens, mix, layer) =>
    withValue(spatial, linear(g, blend(g, spatial, temporal, mix).value, layer)),
} satisfies Partial<Target>

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, mul } from '../ops/elementwise.ts'
import { matmul } from '../ops/matmul.ts'
import { nchwcConv } from '../ops/nchwc.ts'
import { concat, filled, reshape, slice, transpose } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { parameter } from './cpu-tokens.ts'
import { blockKernel } from './nchwc-weights.ts'
import type { Clips, TemporalConv } from './target.ts'
import {
  BIAS_PRODUCT,
  inputTransform,
  KERNEL_TRANSFORM,
  outputTransform,
  PRODUCTS,
  tilesOf,
} from './winograd.ts'

/*
 * A 3-tap convolution over the frames of blocked images, which lie one after the other: [clips·frames, C, H, W] in and
 * out. The blend's factor goes into weights and bias.
 */

/** Winograd kernels have twice the taps, and live in memory: beyond this width that costs more than it saves. */
const MAX_WINOGRAD_CHANNELS = 256

interface Kernel {
  /** [out, in, 3] */
  readonly weight: Value
  /** [out] */
  readonly bias: Value
  readonly out: number
  readonly into: number
}

const oneFrame = (
  g: Graph,
  x: Clips,
  { weight, bias, out, into }: Kernel,
  sum: Value | null,
  block: number,
): Value =>
  nchwcConv(g, x.value, {
    weight: blockKernel(g, reshape(g, slice(g, weight, 2, 1, 2), [out, into, 1, 1]), block),
    bias,
    sum,
  })

/** Frames under each other as rows of one tall image; taps lie an image's height apart. */
const dilated = (g: Graph, x: Clips, { weight, bias, out, into }: Kernel, block: number): Value => {
  const { clips, frames, height, width } = x
  const pixels = height * width * block
  const swap = (value: Value, from: readonly number[], to: readonly number[]): Value =>
    reshape(g, transpose(g, reshape(g, value, from), [0, 2, 1, 3]), to)
  const tall = swap(x.value, [clips, frames, into / block, pixels], [clips, into, frames * height, width])
  const y = nchwcConv(g, tall, {
    weight: blockKernel(g, reshape(g, weight, [out, into, 3, 1]), block),
    bias,
    dilations: [height, 1],
    pads: [height, 0, height, 0],
  })
  return swap(y, [clips, out / block, frames, pixels], [clips * frames, out, height, width])
}

const winograd = (g: Graph, x: Clips, { weight, bias, out, into }: Kernel, block: number): Value => {
  const { clips, frames, height, width } = x
  const rows = PRODUCTS * tilesOf(frames)
  const pixels = height * width
  const columns = out * into
  const taps = transpose(g, reshape(g, weight, [columns, 3]), [1, 0])
  const kernels = matmul(g, g.inline(KERNEL_TRANSFORM, [PRODUCTS, 3]), taps)
  const before = filled(g, 0, BIAS_PRODUCT * out)
  const after = filled(g, 0, (PRODUCTS - BIAS_PRODUCT - 1) * out)

  const lines = reshape(g, x.value, [clips, frames, into * pixels])
  const tiles = matmul(g, g.inline(inputTransform(frames), [1, rows, frames]), lines)
  const products = nchwcConv(
    g,
    reshape(g, tiles, [(clips * rows) / PRODUCTS, PRODUCTS * into, height, width]),
    {
      weight: blockKernel(g, reshape(g, kernels, [PRODUCTS * out, into, 1, 1]), block),
      bias: concat(g, [before, bias, after], 0),
      group: PRODUCTS,
    },
  )
  const y = matmul(
    g,
    g.inline(outputTransform(frames), [1, frames, rows]),
    reshape(g, products, [clips, rows, out * pixels]),
  )
  const perPixel = 2 * clips * pixels
  const run = perPixel * rows * (columns + frames * (into + out))
  g.avoid('temporal convolution by Winograd', perPixel * frames * 3 * columns - run)
  return reshape(g, y, [clips * frames, out, height, width])
}

export const nchwcTemporalConv = (g: Graph, x: Clips, options: TemporalConv, block: number): Clips => {
  const { weight, bias, blend } = options
  const [out = 0, into = 0] = weight.shape
  const scaled = (part: Value): Value => (blend === undefined ? part : mul(g, part, blend.factor))
  const kernel: Kernel = {
    weight: scaled(parameter(g, viewAs(weight, [out, into, 3]))),
    bias: scaled(parameter(g, bias)),
    out,
    into,
  }
  const residual = blend?.residual.value ?? null
  const done = (value: Value): Clips => ({ ...x, channels: out, value })
  if (x.frames === 1) return done(oneFrame(g, x, kernel, residual, block))
  const y =
    Math.max(out, into) <= MAX_WINOGRAD_CHANNELS
      ? winograd(g, x, kernel, block)
      : dilated(g, x, kernel, block)
  return done(residual === null ? y : add(g, residual, y))
}

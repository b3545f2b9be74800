import { evenPieces } from '../even-pieces.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, mul } from '../ops/elementwise.ts'
import { matmul } from '../ops/matmul.ts'
import { nchwcConv } from '../ops/nchwc.ts'
import { concat, filled, reshape, slice, transpose } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { float32Parameter } from './cpu-linear.ts'
import type { CpuClips, CpuTemporalConv } from './cpu-map.ts'
import { mixShares } from './mix-shares.ts'
import { blockKernel } from './nchwc-weights.ts'
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
  x: CpuClips,
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
const dilated = (g: Graph, x: CpuClips, { weight, bias, out, into }: Kernel, block: number): Value => {
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

/** Products are made for so many rows at once: what lies between input and output stays in a server's cache. */
const BAND_BYTES = 8 * 2 ** 20
/** More make the graph long: each is some ten nodes, and every node takes time when the session is created. */
const MAX_BANDS = 64
const BYTES_PER_NUMBER = 4

/** Rows `from` to `to` (exclusive) of every image. */
const rowsOfImages = (g: Graph, images: Value, from: number, to: number, block: number): Value => {
  const [n = 0, channels = 0, height = 0, width = 0] = images.shape
  const byBlock = reshape(g, images, [(n * channels) / block, height, width * block])
  return reshape(g, slice(g, byBlock, 1, from, to), [n, channels, to - from, width])
}

const joinRows = (g: Graph, bands: readonly Value[], block: number): Value => {
  const byBlock = bands.map((band) => {
    const [n = 0, channels = 0, height = 0, width = 0] = band.shape
    return reshape(g, band, [(n * channels) / block, height, width * block])
  })
  const joined = concat(g, byBlock, 1)
  const [n = 0, channels = 0, , width = 0] = bands[0]?.shape ?? []
  return reshape(g, joined, [n, channels, joined.shape[1] ?? 0, width])
}

const winograd = (g: Graph, x: CpuClips, kernel: Kernel, residual: Value | null, block: number): Value => {
  const { weight, bias, out, into } = kernel
  const { clips, frames, height, width } = x
  const rows = PRODUCTS * tilesOf(frames)
  const columns = out * into
  const taps = transpose(g, reshape(g, weight, [columns, 3]), [1, 0])
  const kernels = matmul(g, g.inline(KERNEL_TRANSFORM, [PRODUCTS, 3]), taps)
  const before = filled(g, 0, BIAS_PRODUCT * out)
  const after = filled(g, 0, (PRODUCTS - BIAS_PRODUCT - 1) * out)
  const product = {
    weight: blockKernel(g, reshape(g, kernels, [PRODUCTS * out, into, 1, 1]), block),
    bias: concat(g, [before, bias, after], 0),
    group: PRODUCTS,
  }
  const intoTiles = g.inline(inputTransform(frames), [1, rows, frames])
  const outOfTiles = g.inline(outputTransform(frames), [1, frames, rows])

  const ofBand = (band: Value, added: Value | null): Value => {
    const bandHeight = band.shape[2] ?? 0
    const pixels = bandHeight * width
    const tiles = matmul(g, intoTiles, reshape(g, band, [clips, frames, into * pixels]))
    const tilesAsImages = reshape(g, tiles, [(clips * rows) / PRODUCTS, PRODUCTS * into, bandHeight, width])
    const products = nchwcConv(g, tilesAsImages, product)
    const lines = matmul(g, outOfTiles, reshape(g, products, [clips, rows, out * pixels]))
    const y = reshape(g, lines, [clips * frames, out, bandHeight, width])
    return added === null ? y : add(g, added, y)
  }

  const perPixel = 2 * clips * height * width
  const run = perPixel * rows * (columns + frames * (into + out))
  g.avoid('temporal convolution by Winograd', perPixel * frames * 3 * columns - run)

  const tileBytes = clips * rows * Math.max(into, out) * height * width * BYTES_PER_NUMBER
  const count = Math.min(height, MAX_BANDS, Math.ceil(tileBytes / BAND_BYTES))
  if (count === 1) return ofBand(x.value, residual)
  const bands = evenPieces(height, count).map(({ from, to }) => {
    const take = (images: Value): Value => rowsOfImages(g, images, from, to, block)
    return ofBand(take(x.value), residual === null ? null : take(residual))
  })
  return joinRows(g, bands, block)
}

export const nchwcTemporalConv = (
  g: Graph,
  x: CpuClips,
  options: CpuTemporalConv,
  block: number,
): CpuClips => {
  const { weight, bias, blend } = options
  const [out = 0, into = 0] = weight.shape
  const share = blend === undefined ? null : mixShares(g, blend.mix).temporal
  const scaled = (part: Value): Value => (share === null ? part : mul(g, part, share))
  const kernel: Kernel = {
    weight: scaled(float32Parameter(g, viewAs(weight, [out, into, 3]))),
    bias: scaled(float32Parameter(g, bias)),
    out,
    into,
  }
  const residual = blend?.residual.value ?? null
  const done = (value: Value): CpuClips => ({ ...x, channels: out, value })
  if (x.frames === 1) return done(oneFrame(g, x, kernel, residual, block))
  if (Math.max(out, into) <= MAX_WINOGRAD_CHANNELS) return done(winograd(g, x, kernel, residual, block))
  const y = dilated(g, x, kernel, block)
  return done(residual === null ? y : add(g, residual, y))
}

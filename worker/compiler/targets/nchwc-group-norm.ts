import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, div, mul, relu, silu, sqrt, sub } from '../ops/elementwise.ts'
import { nchwcConv } from '../ops/nchwc.ts'
import { expand, reduce, reshape } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { parameter } from './cpu-tokens.ts'
import type { FeatureMap, GroupNorm } from './target.ts'

/*
 * Group norm that stays in the blocked layout: means of x and x² per channel (the only passes over the map besides the
 * last), everything else on [rows, C], then one depthwise 1×1 convolution that scales and shifts. A shift of x in front
 * (the time embedding) only moves the means: it costs no pass.
 *
 * Variance is E[x²] − E[x]², as ONNX Runtime's and Stability's CUDA kernels have it; rounding may leave it below zero
 * where a group is constant, so it is cut there.
 */

/** Mean over the pixels, [N, C]. */
const channelMeans = (g: Graph, x: Value, block: number): Value => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  const pixels = reshape(g, x, [(n * channels) / block, h * w, block])
  return reshape(g, reduce(g, 'ReduceMean', pixels, [1]), [n, channels])
}

/** Of [clips·frames, C], the mean over frames, [clips, C]. */
const overFrames = (g: Graph, means: Value, clips: number): Value => {
  const [rows = 0, channels = 0] = means.shape
  if (rows === clips) return means
  return reshape(g, reduce(g, 'ReduceMean', reshape(g, means, [clips, rows / clips, channels]), [1]), [
    clips,
    channels,
  ])
}

/** [clips, C] → [rows, C], each clip's row for all of its frames. */
const toRows = (g: Graph, perClip: Value, rows: number): Value => {
  const [clips = 0, channels = 0] = perClip.shape
  if (clips === rows) return perClip
  const frames = rows / clips
  return reshape(g, expand(g, reshape(g, perClip, [clips, 1, channels]), [clips, frames, channels]), [
    rows,
    channels,
  ])
}

export const nchwcGroupNorm = <Kind extends 'images' | 'clips'>(
  g: Graph,
  x: FeatureMap<Kind>,
  { weight, bias, groups, epsilon, activation, shift }: GroupNorm,
  block: number,
): FeatureMap<Kind> => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.value.shape
  const perImage = {
    mean: channelMeans(g, x.value, block),
    square: channelMeans(g, mul(g, x.value, x.value), block),
  }
  const rows = x.kind === 'clips' ? x.clips : n
  let mean = x.kind === 'clips' ? overFrames(g, perImage.mean, x.clips) : perImage.mean
  let square = x.kind === 'clips' ? overFrames(g, perImage.square, x.clips) : perImage.square
  const moved = shift == null || shift.shape[0] === 1 ? (shift ?? null) : toRows(g, shift, rows)
  if (moved !== null) {
    // E[(x+s)²] = E[x²] + s·(E[x] + E[x] + s)
    square = add(g, square, mul(g, moved, add(g, mean, add(g, mean, moved))))
    mean = add(g, mean, moved)
  }
  const width = channels / groups
  const ofGroup = (values: Value): Value =>
    reduce(g, 'ReduceMean', reshape(g, values, [rows, groups, width]), [2])
  const groupMean = ofGroup(mean)
  const variance = relu(g, sub(g, ofGroup(square), mul(g, groupMean, groupMean)))
  const deviation = sqrt(g, add(g, variance, g.inline(Float32Array.of(epsilon), [1])))
  const scale = div(g, parameter(g, viewAs(weight, [1, groups, width])), deviation)
  const center =
    moved === null ? groupMean : sub(g, groupMean, reshape(g, moved, [moved.shape[0] ?? 1, groups, width]))
  const offset = sub(g, parameter(g, viewAs(bias, [1, groups, width])), mul(g, center, scale))

  const perChannel = (values: Value): Value => toRows(g, reshape(g, values, [rows, channels]), n)
  const affine = nchwcConv(g, reshape(g, x.value, [1, n * channels, h, w]), {
    weight: reshape(g, perChannel(scale), [n * channels, 1, 1, 1]),
    bias: reshape(g, perChannel(offset), [n * channels]),
    group: n * channels,
  })
  const value = reshape(g, activation === 'silu' ? silu(g, affine) : affine, x.value.shape)
  return { ...x, value }
}

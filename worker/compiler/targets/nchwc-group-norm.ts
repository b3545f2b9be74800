import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, div, mul, silu, sqrt, sub } from '../ops/elementwise.ts'
import { nchwcAffine } from '../ops/nchwc.ts'
import { expand, reduce, reshape } from '../ops/shape.ts'
import { viewAs } from '../weights/weight-tensor.ts'
import { float32Parameter } from './cpu-linear.ts'
import type { CpuFeatureMap, CpuGroupNorm } from './cpu-map.ts'

/*
 * Group norm that stays in the blocked layout. Over the map go: the mean, an affine pass that centers it, the mean of
 * squares, and an affine pass that scales it; all else is on [rows, C]. Centering first costs the pass that
 * E[x²] − E[x]² would save, and keeps the deviation exact where the mean is a hundred times as large. A shift of x in
 * front (the time embedding) goes into the centering: it costs no pass.
 *
 * Means are taken row by row and then over rows: the reduction adds one number after the other in float32, and half a
 * million of them would lose four digits.
 */

/** Per channel and image, [N, C]: the mean, or the mean over rows of a row's sum of squares. */
const byRows =
  (op: 'ReduceMean' | 'ReduceSumSquare', block: number) =>
  (g: Graph, x: Value): Value => {
    const [n = 0, channels = 0, h = 0, w = 0] = x.shape
    const pixels = reshape(g, x, [(n * channels) / block, h, w, block])
    return reshape(g, reduce(g, 'ReduceMean', reduce(g, op, pixels, [2]), [1]), [n, channels])
  }

/** Mean over frames, [clips, C], of values [clips·frames, C]. */
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
  x: CpuFeatureMap<Kind>,
  { weight, bias, groups, epsilon, activation, shift }: CpuGroupNorm,
  block: number,
): CpuFeatureMap<Kind> => {
  const [n = 0, channels = 0, , w = 0] = x.value.shape
  const rows = x.kind === 'clips' ? x.clips : n
  const perChannel = [rows, channels]
  const perGroup = [rows, groups, channels / groups]
  const ofRows = (means: Value): Value => (x.kind === 'clips' ? overFrames(g, means, x.clips) : means)
  const ofGroup = (values: Value): Value => reduce(g, 'ReduceMean', reshape(g, values, perGroup), [2])

  const given = shift?.value ?? null
  const moved = given === null || given.shape[0] === 1 ? given : toRows(g, given, rows)
  const mean = ofRows(byRows('ReduceMean', block)(g, x.value))
  const center = ofGroup(moved === null ? mean : add(g, mean, moved))
  const offset = sub(
    g,
    moved === null
      ? g.inline(Float32Array.of(0), [1])
      : reshape(g, moved, [moved.shape[0] ?? 1, ...perGroup.slice(1)]),
    moved === null ? expand(g, center, perGroup) : center,
  )
  const ones = expand(g, g.inline(Float32Array.of(1), [1, 1]), perChannel)
  const affine = (map: Value, scale: Value, shift: Value): Value =>
    nchwcAffine(g, map, toRows(g, scale, n), toRows(g, shift, n))
  const centered = affine(x.value, ones, reshape(g, offset, perChannel))

  const squares = ofRows(byRows('ReduceSumSquare', block)(g, centered))
  const variance = mul(g, ofGroup(squares), g.inline(Float32Array.of(1 / w), [1]))
  const deviation = sqrt(g, add(g, variance, g.inline(Float32Array.of(epsilon), [1])))
  const scale = div(g, float32Parameter(g, viewAs(weight, [1, ...perGroup.slice(1)])), deviation)
  const beta = expand(g, float32Parameter(g, viewAs(bias, [1, channels])), perChannel)
  const normed = affine(centered, reshape(g, scale, perChannel), beta)
  return { ...x, value: activation === 'silu' ? silu(g, normed) : normed }
}

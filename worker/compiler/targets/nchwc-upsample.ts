import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { nchwcConv } from '../ops/nchwc.ts'
import { concat, reshape } from '../ops/shape.ts'
import { float32Parameter } from './cpu-linear.ts'
import type { CpuImages } from './cpu-map.ts'
import { blockKernel } from './nchwc-weights.ts'
import type { BiasedLinear } from './target.ts'
import { avoidByPhases, phaseKernel, UPSAMPLE_PHASES } from './upsample-phases.ts'

/** Exactly twice the size, blocked in and out: four 2×2 convolutions, whose pixels are then interleaved. */
export const nchwcDoublingConv2d = (
  g: Graph,
  x: CpuImages,
  { weight, bias }: BiasedLinear,
  block: number,
): Value => {
  const { height, width } = x
  const out = weight.shape[0] ?? 0
  const images = x.clips * x.frames
  const blocks = (images * out) / block
  const kernel = float32Parameter(g, weight)
  const [evenEven, evenOdd, oddEven, oddOdd] = UPSAMPLE_PHASES.map(([row, column]) => {
    const phase = nchwcConv(g, x.value, {
      weight: blockKernel(g, phaseKernel(g, kernel, row, column), block),
      bias: float32Parameter(g, bias),
      pads: [1 - row, 1 - column, row, column],
    })
    return reshape(g, phase, [blocks, height, width, 1, block])
  }) as [Value, Value, Value, Value]
  avoidByPhases(g, x, out)
  const row = (even: Value, odd: Value): Value =>
    reshape(g, concat(g, [even, odd], 3), [blocks, height, 1, 2 * width * block])
  const rows = concat(g, [row(evenEven, evenOdd), row(oddEven, oddOdd)], 2)
  return reshape(g, rows, [images, out, 2 * height, 2 * width])
}

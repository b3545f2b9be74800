import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { conv } from '../ops/conv.ts'
import { concat, reshape, resizeNearest, slice } from '../ops/shape.ts'
import { float32Parameter } from './cpu-linear.ts'
import type { CpuImages } from './cpu-map.ts'
import type { BiasedLinear } from './target.ts'
import { avoidByPhases, phaseKernel, UPSAMPLE_PHASES } from './upsample-phases.ts'

/** As the reference does it, for an image a row or column short of twice its size: the last one has no equal pair. */
const resizeThenConv = (
  g: Graph,
  x: CpuImages,
  height: number,
  width: number,
  { weight, bias }: BiasedLinear,
): Value =>
  conv(g, slice(g, slice(g, resizeNearest(g, x.value, 2), 2, 0, height), 3, 0, width), {
    weight: float32Parameter(g, weight),
    bias: float32Parameter(g, bias),
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  })

/** [N, C, H, W] → [N, out, height, width]; height and width are twice those of x, or one less. */
export const cpuUpsampleConv2d = (
  g: Graph,
  x: CpuImages,
  height: number,
  width: number,
  options: BiasedLinear,
): Value => {
  if (height !== 2 * x.height || width !== 2 * x.width) return resizeThenConv(g, x, height, width, options)
  const { weight, bias } = options
  const kernel = float32Parameter(g, weight)
  const out = weight.shape[0] ?? 0
  const images = x.clips * x.frames
  // Interleaving is a concatenation behind the pixel: a good deal faster here than DepthToSpace.
  const pixels = [images, out, x.height, 1, x.width, 1]
  const [evenEven, evenOdd, oddEven, oddOdd] = UPSAMPLE_PHASES.map(([row, column]) => {
    const phase = conv(g, x.value, {
      weight: phaseKernel(g, kernel, row, column),
      bias: float32Parameter(g, bias),
      strides: [1, 1],
      pads: [1 - row, 1 - column, row, column],
    })
    return reshape(g, phase, pixels)
  }) as [Value, Value, Value, Value]
  avoidByPhases(g, x, out)
  const rows = concat(g, [concat(g, [evenEven, evenOdd], 5), concat(g, [oddEven, oddOdd], 5)], 3)
  return reshape(g, rows, [images, out, height, width])
}

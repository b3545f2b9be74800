import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { conv } from '../ops/conv.ts'
import { add } from '../ops/elementwise.ts'
import { concat, reshape, resizeNearest, slice } from '../ops/shape.ts'
import type { BiasedLinear, Images, Target } from './target.ts'

/*
 * Nearest neighbour to twice the size, then a 3×3 convolution: of the nine pixels that an output pixel sees, rows
 * (and columns) come in equal pairs. An output pixel in an even row sees the row above once and its own row twice,
 * in an odd row its own twice and the one below once:
 *
 *     even   k₀·x[i−1] + (k₁+k₂)·x[i]         odd   (k₀+k₁)·x[i] + k₂·x[i+1]
 *
 * So each of the four phases is a 2×2 convolution of the small picture with sums of the kernel's taps: 4 products
 * instead of 9. The sums depend on weights alone; ONNX Runtime makes them with the session.
 *
 * Where the picture becomes one row or column short of twice its size, the last one lacks its pair: there the two
 * steps are done as they stand.
 */

type Phase = 0 | 1
type Four<T> = [T, T, T, T]
type Parameter = Target['parameter']
type Options = BiasedLinear & { readonly height: number; readonly width: number }

/** [out, in, 3, …] → [out, in, 2, …] along one of the two kernel axes. */
const mergeTaps = (g: Graph, kernel: Value, axis: 2 | 3, phase: Phase): Value => {
  const tap = (index: number): Value => slice(g, kernel, axis, index, index + 1)
  return phase === 0
    ? concat(g, [tap(0), add(g, tap(1), tap(2))], axis)
    : concat(g, [add(g, tap(0), tap(1)), tap(2)], axis)
}

const PHASES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const satisfies readonly (readonly [Phase, Phase])[]

const resizeThenConv = (
  g: Graph,
  x: Images,
  { weight, bias, height, width }: Options,
  parameter: Parameter,
): Value =>
  conv(g, slice(g, slice(g, resizeNearest(g, x.value, 2), 2, 0, height), 3, 0, width), {
    weight: parameter(g, weight),
    bias: parameter(g, bias),
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  })

/** Gives [N, out, height, width]; height and width are twice those of x, or one less. */
export const upsampleConv2d = (g: Graph, x: Images, options: Options, parameter: Parameter): Value => {
  const { weight, bias, height, width } = options
  if (height !== 2 * x.height || width !== 2 * x.width) return resizeThenConv(g, x, options, parameter)
  const kernel = parameter(g, weight)
  const out = weight.shape[0] ?? 0
  const phases = PHASES.map(([row, column]) =>
    conv(g, x.value, {
      weight: mergeTaps(g, mergeTaps(g, kernel, 2, row), 3, column),
      bias: parameter(g, bias),
      strides: [1, 1],
      pads: [1 - row, 1 - column, row, column],
    }),
  )
  const images = x.value.shape[0] ?? 0
  // Interleaving is a concatenation behind the pixel: a good deal faster here than DepthToSpace.
  const pixels = [images, out, x.height, 1, x.width, 1]
  const [evenEven, evenOdd, oddEven, oddOdd] = phases.map((phase) => reshape(g, phase, pixels)) as Four<Value>
  const rows = concat(g, [concat(g, [evenEven, evenOdd], 5), concat(g, [oddEven, oddOdd], 5)], 3)
  const taps = 2 * images * out * x.channels * x.height * x.width
  g.avoid('3×3 convolution of pixels that upsampling made equal', taps * (4 * 9 - 4 * 4))
  return reshape(g, rows, [images, out, height, width])
}

import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add } from '../ops/elementwise.ts'
import { concat, slice } from '../ops/shape.ts'
import type { Images } from './target.ts'

/*
 * Nearest neighbour to twice the size, then a 3×3 convolution: of the nine pixels that an output pixel sees, rows
 * (and columns) come in equal pairs. An output pixel in an even row sees the row above once and its own row twice,
 * in an odd row its own twice and the one below once:
 *
 *     even   k₀·x[i−1] + (k₁+k₂)·x[i]         odd   (k₀+k₁)·x[i] + k₂·x[i+1]
 *
 * So each of the four phases is a 2×2 convolution of the small image with sums of the kernel's taps: 4 products
 * instead of 9. The sums depend on weights alone, so they are computed before a session is created.
 */

export type UpsamplePhase = 0 | 1

/** Row and column: the order in which phases are interleaved. */
export const UPSAMPLE_PHASES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const satisfies readonly (readonly [UpsamplePhase, UpsamplePhase])[]

/** [out, in, 3, …] → [out, in, 2, …] along one of the two kernel axes. */
export const mergeTaps = (g: Graph, kernel: Value, axis: 2 | 3, phase: UpsamplePhase): Value => {
  const tap = (index: number): Value => slice(g, kernel, axis, index, index + 1)
  return phase === 0
    ? concat(g, [tap(0), add(g, tap(1), tap(2))], axis)
    : concat(g, [add(g, tap(0), tap(1)), tap(2)], axis)
}

/** The 2×2 kernel of one phase; its convolution is padded by [1 − row, 1 − column, row, column]. */
export const phaseKernel = (g: Graph, kernel: Value, row: UpsamplePhase, column: UpsamplePhase): Value =>
  mergeTaps(g, mergeTaps(g, kernel, 2, row), 3, column)

/** Notes what the reference's nine taps at every output pixel cost more than the four of a phase. */
export const avoidByPhases = (g: Graph, x: Images, outChannels: number): void => {
  const perTap = 2 * x.clips * x.frames * outChannels * x.channels * x.height * x.width
  g.avoid('3×3 convolution of pixels that upsampling made equal', perTap * (4 * 9 - 4 * 4))
}

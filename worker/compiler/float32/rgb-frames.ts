import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { add, cast, isInf, isNan, mul, roundToUint8, where } from '../ops/elementwise.ts'
import { reduce, reshape, transpose } from '../ops/shape.ts'

export interface RgbFrames {
  /** uint8 [frames, H, W, 3]: RGB24, rows from the top. */
  readonly rgb: Value
  /** float32 [frames]: how many of a frame's values are NaN or infinite. Exact up to 2^24. */
  readonly nonFiniteValues: Value
}

const CHANNEL_AXIS = { nchw: 1, nhwc: 3 } as const

/**
 * Decoded frames, float32 and about −1 to 1, as the bytes of diffusers' `VideoProcessor.postprocess_video`. `layout` is
 * the order of axes of `x`: [frames, 3, H, W] or [frames, H, W, 3].
 *
 *     diffusers   round(clamp(x/2 + 0.5, 0, 1) · 255)
 *     here        clamp(round((x + 1) · 127.5), 0, 255)
 *
 * Both give the same bytes for every float32: x/2 and the factor 2 between 255 and 127.5 are exact, so that each form
 * rounds the same sum and the same product, and clamping commutes with rounding. A NaN becomes 0, as there.
 */
export const rgbFrames = (g: Graph, x: Value, layout: keyof typeof CHANNEL_AXIS): RgbFrames => {
  if (x.dtype !== 'float32' || x.shape.length !== 4 || x.shape[CHANNEL_AXIS[layout]] !== 3) {
    throw new GraphError(`RGB frames of ${x.name} ${formatType(x)} in the order ${layout}`)
  }
  const number = (value: number): Value => g.inline(Float32Array.of(value), [1])
  // A NaN is treated as −infinity, so that one test counts all and the byte is defined.
  const ordered = where(g, isNan(g, x), number(Number.NEGATIVE_INFINITY), x)
  const bytes = roundToUint8(g, mul(g, add(g, ordered, number(1)), number(127.5)))
  const marks = cast(g, isInf(g, ordered), 'float32')
  return {
    // Bytes are moved, not floats: a quarter of the memory traffic.
    rgb: layout === 'nhwc' ? bytes : transpose(g, bytes, [0, 2, 3, 1]),
    nonFiniteValues: reshape(g, reduce(g, 'ReduceSum', marks, [1, 2, 3]), [x.shape[0] ?? 0]),
  }
}

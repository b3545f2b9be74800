import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { cast, mul } from '../../ops/elementwise.ts'
import { concat, filled, reshape, slice, transpose } from '../../ops/shape.ts'
import type { WeightTensor } from '../../weights/weight-tensor.ts'
import type { Conv2d } from '../target.ts'

/*
 * Weights in the order that the kernels read. All of it depends on weights alone, so no session runs it. The linear layers
 * of a float16 checkpoint need nothing but the stored bytes, which are not copied.
 */

/** Tensor cores take channels in eights, and cuDNN may have no plan for 3 or 4 (onnxruntime#26274). */
const CHANNEL_MULTIPLE = 8

export const paddedChannels = (channels: number): number =>
  Math.ceil(channels / CHANNEL_MULTIPLE) * CHANNEL_MULTIPLE

/** A weight in the type of the activations. */
export const parameter = (g: Graph, weight: WeightTensor, dtype: DType): Value =>
  cast(g, g.weight(weight), dtype)

/** A constant of zeros. */
export const zerosOf = (g: Graph, shape: readonly number[], dtype: DType): Value =>
  cast(g, reshape(g, filled(g, 0, elementCount(shape)), shape), dtype)

/** Zeros behind the end of an axis, up to `size`. */
const padAxis = (g: Graph, x: Value, axis: number, size: number): Value => {
  const missing = size - (x.shape[axis] ?? 0)
  if (missing === 0) return x
  return concat(g, [x, zerosOf(g, x.shape.with(axis, missing), x.dtype)], axis)
}

export interface KernelSizes {
  /** Channels of the map in memory. */
  readonly into: number
  readonly out: number
  readonly dtype: DType
}

/** A kernel [out, in, kH, kW] → [out, kH, kW, in], padded with zeros; `share` is float32 [1]. */
export const channelsLastKernel = (
  g: Graph,
  kernel: Value,
  { into, out, dtype }: KernelSizes,
  share: Value | null = null,
): Value => {
  const weighed = share === null ? kernel : mul(g, cast(g, kernel, 'float32'), share)
  const last = transpose(g, weighed, [0, 2, 3, 1])
  return cast(g, padAxis(g, padAxis(g, last, 3, into), 0, out), dtype)
}

/** A bias [out], padded with zeros; `share` is float32 [1]. */
export const paddedBias = (
  g: Graph,
  bias: WeightTensor,
  out: number,
  dtype: DType,
  share: Value | null = null,
): Value => {
  const stored = g.weight(bias)
  const weighed = share === null ? stored : mul(g, cast(g, stored, 'float32'), share)
  return cast(g, padAxis(g, weighed, 0, out), dtype)
}

/** The stored kernel, or the input channels of it that a map holds. */
export const storedKernel = (
  g: Graph,
  { weight, inChannels }: Pick<Conv2d, 'weight' | 'inChannels'>,
): Value => {
  const stored = g.weight(weight)
  return inChannels === undefined ? stored : slice(g, stored, 1, inChannels.from, inChannels.to)
}

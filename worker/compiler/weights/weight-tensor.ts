import { elementCount } from '../../checkpoint/element-count.ts'
import type { StoredTensor } from '../../checkpoint/stored-tensors.ts'

/**
 * A tensor of the checkpoint, or a contiguous part of one under another shape: bytes are named, never copied.
 * `stored` is null when only the configs are at hand; such a graph can be counted and printed, not run.
 */
export interface WeightTensor {
  readonly key: string
  readonly dtype: 'float32' | 'float16' | 'bfloat16'
  readonly shape: readonly number[]
  /** Offset from the start of the stored tensor. */
  readonly offsetBytes: number
  readonly stored: StoredTensor | null
}

export const weightBytes = (weight: WeightTensor): number =>
  elementCount(weight.shape) * (weight.dtype === 'float32' ? 4 : 2)

/** The same bytes under another shape of as many elements. */
export const viewAs = (weight: WeightTensor, shape: readonly number[]): WeightTensor => {
  if (elementCount(shape) !== elementCount(weight.shape)) {
    throw new RangeError(`${weight.key}: [${weight.shape.join(',')}] cannot be seen as [${shape.join(',')}]`)
  }
  return { ...weight, shape }
}

/** Rows `from` to `to` (exclusive) of the first axis. */
export const rowsOf = (weight: WeightTensor, from: number, to: number): WeightTensor => {
  const [rows = 0, ...rest] = weight.shape
  if (!(from >= 0 && from < to && to <= rows)) {
    throw new RangeError(`${weight.key}: rows ${from} to ${to} of ${rows}`)
  }
  const rowBytes = weightBytes(weight) / rows
  return { ...weight, shape: [to - from, ...rest], offsetBytes: weight.offsetBytes + from * rowBytes }
}

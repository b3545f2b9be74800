import { elementCount } from '../../checkpoint/element-count.ts'
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'uint8' | 'bool'

/** One edge of a graph. Shapes are static: a wrong one fails while the graph is recorded. */
export interface Value {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

const BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  uint8: 1,
  bool: 1,
}

export const bytesOf = (value: Pick<Value, 'dtype' | 'shape'>): number =>
  elementCount(value.shape) * BYTES[value.dtype]

/** Whether all have one type; absent ones (null) have none. */
export const haveOneType = (values: readonly (Pick<Value, 'dtype'> | null)[]): boolean =>
  new Set(values.flatMap((value) => (value === null ? [] : [value.dtype]))).size <= 1

export const formatType = (value: Pick<Value, 'dtype' | 'shape'>): string =>
  `${value.dtype}[${value.shape.join(',')}]`

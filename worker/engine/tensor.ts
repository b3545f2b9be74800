/** A dense float32 tensor in row-major order, as networks take and return it. */
export interface Tensor {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1)

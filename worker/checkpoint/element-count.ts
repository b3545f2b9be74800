/** Count of a tensor's elements: the product of its sizes, 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1)

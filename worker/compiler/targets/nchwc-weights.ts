import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { reshape, transpose } from '../ops/shape.ts'

/*
 * Kernels in the order that blocked convolutions read. The reordering depends on weights alone, so it is computed before a
 * session is created.
 */

/** [out, in, kH, kW] → [out/b, in/b, kH, kW, b in, b out], under its old shape. */
export const blockKernel = (g: Graph, kernel: Value, block: number): Value => {
  const [out = 0, into = 0, kH = 0, kW = 0] = kernel.shape
  const split = reshape(g, kernel, [out / block, block, into / block, block, kH, kW])
  return reshape(g, transpose(g, split, [0, 2, 4, 5, 3, 1]), kernel.shape)
}

/** For inputs of fewer channels than a block, which stay in plain order: → [out/b, in, kH, kW, b out]. */
export const blockKernelOfPlain = (g: Graph, kernel: Value, block: number): Value => {
  const [out = 0, into = 0, kH = 0, kW = 0] = kernel.shape
  const split = reshape(g, kernel, [out / block, block, into, kH, kW])
  return reshape(g, transpose(g, split, [0, 2, 3, 4, 1]), kernel.shape)
}

import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Value } from '../../graph/value.ts'
import { nhwcConv } from '../../ops/nhwc-conv.ts'
import { concat } from '../../ops/shape.ts'
import { channelsLastKernel, type KernelSizes, zerosOf } from './weights.ts'

/*
 * With TF32 turned off, cuDNN 9.28 has no plan for float32 convolutions whose padding differs between two sides, on
 * sm_86, sm_89 and sm_120 for none, and elsewhere for some. The larger padding on both sides, under a kernel with zeros
 * in front or behind, gives the same numbers:
 *
 *     padding 0, 1    k₀ k₁        ──▶    padding 1, 1    0 k₀ k₁
 *     padding 1, 0    k₀ k₁        ──▶    padding 1, 1    k₀ k₁ 0
 */

/** [top, left, bottom, right] */
type Padding = readonly [number, number, number, number]

interface PaddedKernel {
  /** [out, in, kH, kW] */
  readonly kernel: Value
  readonly pads: Padding
}

const withZeros = (g: Graph, kernel: Value, axis: 2 | 3, before: number, after: number): Value => {
  const [count, isBefore] = before < after ? [after - before, true] : [before - after, false]
  if (count === 0) return kernel
  const zeros = zerosOf(g, kernel.shape.with(axis, count), kernel.dtype)
  return concat(g, isBefore ? [zeros, kernel] : [kernel, zeros], axis)
}

/** The same convolution with one padding on both sides of each axis. */
const symmetric = (g: Graph, { kernel, pads }: PaddedKernel): PaddedKernel => {
  const [top, left, bottom, right] = pads
  const vertical = Math.max(top, bottom)
  const horizontal = Math.max(left, right)
  return {
    kernel: withZeros(g, withZeros(g, kernel, 2, top, bottom), 3, left, right),
    pads: [vertical, horizontal, vertical, horizontal],
  }
}

const tapsOf = ({ shape }: Value): number => (shape[2] ?? 0) * (shape[3] ?? 0)

export interface PaddedConv extends PaddedKernel {
  readonly stride: number
  readonly sizes: KernelSizes
}

/** A convolution of [N, H, W, C] with any padding, without bias. */
export const paddedConv = (g: Graph, x: Value, { stride, sizes, ...given }: PaddedConv): Value => {
  const { kernel, pads } = sizes.dtype === 'float32' ? symmetric(g, given) : given
  const weight = channelsLastKernel(g, kernel, sizes)
  const product = nhwcConv(g, x, { weight, strides: [stride, stride], pads })
  const zeros = tapsOf(kernel) - tapsOf(given.kernel)
  if (zeros > 0) {
    const flops = 2 * elementCount(product.shape) * sizes.into * zeros
    g.avoid('zeros in kernels, so that cuDNN has a plan for float32', -flops)
  }
  return product
}

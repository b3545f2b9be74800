import { elementCount } from '../../checkpoint/element-count.ts'
import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

export interface NhwcConv {
  /** [out, kH, kW, in]; a constant, or no provider has a kernel. */
  readonly weight: Value
  readonly strides: readonly [number, number]
  /** [top, left, bottom, right] */
  readonly pads: readonly [number, number, number, number]
}

/**
 * com.microsoft NhwcConv of [N, H, W, C], without bias: the kernel would add one in a pass of its own. On CUDA alone.
 * kernel_shape is always given, since shape inference of 1.30 otherwise reads it from the wrong axes.
 */
export const nhwcConv = (g: Graph, x: Value, { weight, strides, pads }: NhwcConv): Value => {
  const [images = 0, height = 0, width = 0, channels = 0] = x.shape
  const [out = 0, kH = 0, kW = 0, into = 0] = weight.shape
  if (x.shape.length !== 4 || weight.shape.length !== 4 || into !== channels) {
    throw new GraphError(`NhwcConv of ${x.name} ${formatType(x)} with ${weight.name} ${formatType(weight)}`)
  }
  assertOneType('NhwcConv', [x, weight])
  const size = (length: number, axis: 0 | 1, kernel: number): number =>
    Math.floor((length + pads[axis] + pads[axis + 2]! - kernel) / strides[axis]) + 1
  const shape = [images, size(height, 0, kH), size(width, 1, kW), out]
  return g.node({
    op: 'NhwcConv',
    domain: 'com.microsoft',
    inputs: [x, weight],
    outputs: [{ shape, dtype: x.dtype }],
    attributes: { kernel_shape: [kH, kW], strides, pads },
    flops: 2 * elementCount(shape) * into * kH * kW,
  })[0]!
}

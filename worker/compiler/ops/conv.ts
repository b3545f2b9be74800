import { elementCount } from '../../checkpoint/element-count.ts'
import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

export interface ConvAttributes {
  /** [out, in, kernel…] */
  readonly weight: Value
  /** [out] */
  readonly bias: Value | null
  readonly strides: readonly number[]
  /** Begin of every spatial axis, then end of every spatial axis, as ONNX orders them. */
  readonly pads: readonly number[]
}

/** ONNX Conv on [N, C, spatial…]. */
export const conv = (g: Graph, x: Value, { weight, bias, strides, pads }: ConvAttributes): Value => {
  const [images = 0, channels = 0, ...spatial] = x.shape
  const [out = 0, into = 0, ...kernel] = weight.shape
  if (into !== channels || kernel.length !== spatial.length) {
    throw new GraphError(`Conv of ${x.name} ${formatType(x)} with ${weight.name} ${formatType(weight)}`)
  }
  assertOneType('Conv', [x, weight, bias])
  const sizes = spatial.map((size, axis) => {
    const padded = size + (pads[axis] ?? 0) + (pads[axis + spatial.length] ?? 0)
    return Math.floor((padded - (kernel[axis] ?? 0)) / (strides[axis] ?? 1)) + 1
  })
  const shape = [images, out, ...sizes]
  return g.node({
    op: 'Conv',
    inputs: bias === null ? [x, weight] : [x, weight, bias],
    outputs: [{ shape, dtype: x.dtype }],
    attributes: { kernel_shape: kernel, strides, pads },
    flops: 2 * elementCount(shape) * into * elementCount(kernel),
  })[0]!
}

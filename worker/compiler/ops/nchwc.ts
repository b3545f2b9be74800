import { elementCount } from '../../checkpoint/element-count.ts'
import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'
import { reshape } from './shape.ts'

/*
 * Ops of the layout that ONNX Runtime's CPU provider convolves in: [N, C/b, H, W, b] in memory, b channels side by
 * side, while the shape is still said as [N, C, H, W]. Its graph optimizer puts them in by itself, around every other
 * op in and out again and with a copy of every kernel; written out, tensors stay in the layout from one convolution
 * to the next. The domain is internal to ONNX Runtime: read in 1.30.0, and for its own process only.
 */

const DOMAIN = 'com.microsoft.nchwc'

/** [N, C, H, W] in plain order → blocked. `channelsLast`: from [N, H, W, C]. */
export const reorderInput = (g: Graph, x: Value, { channelsLast = false } = {}): Value => {
  const [n = 0, a = 0, b = 0, c = 0] = x.shape
  return g.node({
    op: 'ReorderInput',
    domain: DOMAIN,
    inputs: [x],
    outputs: [{ shape: channelsLast ? [n, c, a, b] : x.shape, dtype: x.dtype }],
    attributes: channelsLast ? { channels_last: 1 } : {},
  })[0]!
}

/** Blocked [N, C, H, W] → plain order. `channelsLast`: to [N, H, W, C]. */
export const reorderOutput = (g: Graph, x: Value, { channelsLast = false } = {}): Value => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  return g.node({
    op: 'ReorderOutput',
    domain: DOMAIN,
    inputs: [x],
    outputs: [{ shape: channelsLast ? [n, h, w, channels] : x.shape, dtype: x.dtype }],
    attributes: channelsLast ? { channels, channels_last: 1 } : { channels },
  })[0]!
}

export interface NchwcConv {
  /** [out, in/group, kH, kW] as said; in memory [out/b, in/b, kH, kW, b in, b out]. */
  readonly weight: Value
  readonly bias: Value | null
  /** Blocked, of the result's size; added to it. */
  readonly sum?: Value | null
  readonly strides?: readonly [number, number]
  /** [top, left, bottom, right] */
  readonly pads?: readonly [number, number, number, number]
  readonly dilations?: readonly [number, number]
  readonly group?: number
}

/** Convolution of a blocked x; of a plain one if it has fewer channels than a block. Gives a blocked result. */
export const nchwcConv = (
  g: Graph,
  x: Value,
  {
    weight,
    bias,
    sum = null,
    strides = [1, 1],
    pads = [0, 0, 0, 0],
    dilations = [1, 1],
    group = 1,
  }: NchwcConv,
): Value => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  const [out = 0, into = 0, kH = 0, kW = 0] = weight.shape
  if (into * group !== channels) {
    throw new GraphError(`nchwc.Conv of ${x.name} ${formatType(x)} with ${weight.name} ${formatType(weight)}`)
  }
  assertOneType('nchwc.Conv', [x, weight, bias, sum])
  const size = (length: number, axis: 0 | 1, kernel: number): number => {
    const reach = dilations[axis] * (kernel - 1) + 1
    return Math.floor((length + pads[axis] + pads[axis + 2]! - reach) / strides[axis]) + 1
  }
  const shape = [n, out, size(h, 0, kH), size(w, 1, kW)]
  if (sum !== null && formatType(sum) !== formatType({ shape, dtype: x.dtype })) {
    throw new GraphError(
      `nchwc.Conv cannot add ${sum.name} ${formatType(sum)} to a result of [${shape.join(',')}]`,
    )
  }
  const inputs = sum !== null ? [x, weight, bias, sum] : bias !== null ? [x, weight, bias] : [x, weight]
  return g.node({
    op: 'Conv',
    domain: DOMAIN,
    inputs,
    outputs: [{ shape, dtype: x.dtype }],
    attributes: { kernel_shape: [kH, kW], strides, pads, dilations, group },
    flops: 2 * elementCount(shape) * into * kH * kW,
  })[0]!
}

/**
 * x·scale + offset of a blocked x, both [N, C]: a convolution of one pixel and one channel, over all images side by
 * side. The provider has no other pass over the layout that takes two numbers a channel. It counts no FLOPs, as
 * element-wise ops do not.
 */
export const nchwcAffine = (g: Graph, x: Value, scale: Value, offset: Value): Value => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  for (const perChannel of [scale, offset]) {
    if (formatType(perChannel) !== formatType({ shape: [n, channels], dtype: x.dtype })) {
      throw new GraphError(
        `affine of ${x.name} ${formatType(x)} cannot take ${perChannel.name} ${formatType(perChannel)}`,
      )
    }
  }
  const columns = n * channels
  const y = g.node({
    op: 'Conv',
    domain: DOMAIN,
    inputs: [
      reshape(g, x, [1, columns, h, w]),
      reshape(g, scale, [columns, 1, 1, 1]),
      reshape(g, offset, [columns]),
    ],
    outputs: [{ shape: [1, columns, h, w], dtype: x.dtype }],
    attributes: {
      kernel_shape: [1, 1],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: columns,
    },
  })[0]!
  return reshape(g, y, x.shape)
}

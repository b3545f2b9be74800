import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

/* Biases that ONNX Runtime's CUDA provider adds in one pass with what follows. There is no such op on the CPU. */

/** com.microsoft BiasAdd of [N, S, C]: x + bias + skip, with bias [C] and skip of x's shape. */
export const biasAdd = (g: Graph, x: Value, bias: Value, skip: Value): Value => {
  const fits = x.shape.length === 3 && skip.shape.join() === x.shape.join()
  if (!fits || bias.shape.join() !== String(x.shape[2])) {
    throw new GraphError(
      `BiasAdd of ${x.name} ${formatType(x)} with ${formatType(bias)}, ${formatType(skip)}`,
    )
  }
  assertOneType('BiasAdd', [x, bias, skip])
  return g.node({
    op: 'BiasAdd',
    domain: 'com.microsoft',
    inputs: [x, bias, skip],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
  })[0]!
}

/** The widths that the kernel of 1.30 is compiled for. */
const SPLIT_GELU_WIDTHS = new Set([2560, 5120, 6144, 10_240, 12_288])

export const hasBiasSplitGeluKernel = (width: number): boolean => SPLIT_GELU_WIDTHS.has(width)

/** com.microsoft BiasSplitGelu of [N, S, 2·D]: left·gelu(right), through erf, of x + bias; [N, S, D]. */
export const biasSplitGelu = (g: Graph, x: Value, bias: Value): Value => {
  const [rows = 0, length = 0, width = 0] = x.shape
  if (x.shape.length !== 3 || !hasBiasSplitGeluKernel(width) || bias.shape.join() !== String(width)) {
    throw new GraphError(`BiasSplitGelu of ${x.name} ${formatType(x)} with ${formatType(bias)}`)
  }
  assertOneType('BiasSplitGelu', [x, bias])
  return g.node({
    op: 'BiasSplitGelu',
    domain: 'com.microsoft',
    inputs: [x, bias],
    outputs: [{ shape: [rows, length, width / 2], dtype: x.dtype }],
  })[0]!
}

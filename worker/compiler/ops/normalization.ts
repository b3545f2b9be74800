import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

const like = (x: Value) => [{ shape: x.shape, dtype: x.dtype }]

/** Over the last axis; weight and bias [C]. */
export const layerNormalization = (
  g: Graph,
  x: Value,
  weight: Value,
  bias: Value,
  epsilon: number,
): Value => {
  if (weight.shape[0] !== x.shape.at(-1)) {
    throw new GraphError(`LayerNormalization of ${formatType(x)} with ${weight.name} ${formatType(weight)}`)
  }
  assertOneType('LayerNormalization', [x, weight, bias])
  return g.node({
    op: 'LayerNormalization',
    inputs: [x, weight, bias],
    outputs: like(x),
    attributes: { axis: -1, epsilon: { float: epsilon } },
  })[0]!
}

/** Every channel of every item of x [N, C, …] on its own; scale and bias [C]. */
export const instanceNormalization = (
  g: Graph,
  x: Value,
  scale: Value,
  bias: Value,
  epsilon: number,
): Value => {
  assertOneType('InstanceNormalization', [x, scale, bias])
  return g.node({
    op: 'InstanceNormalization',
    inputs: [x, scale, bias],
    outputs: like(x),
    attributes: { epsilon: { float: epsilon } },
  })[0]!
}

export interface BatchStatistics {
  /** All [C]. */
  readonly scale: Value
  readonly bias: Value
  readonly mean: Value
  readonly variance: Value
}

/** scale·(x − mean)/√(variance + epsilon) + bias per channel of x [N, C, …], in one pass. */
export const batchNormalization = (
  g: Graph,
  x: Value,
  { scale, bias, mean, variance }: BatchStatistics,
  epsilon: number,
): Value => {
  assertOneType('BatchNormalization', [x, scale, bias, mean, variance])
  return g.node({
    op: 'BatchNormalization',
    inputs: [x, scale, bias, mean, variance],
    outputs: like(x),
    attributes: { epsilon: { float: epsilon } },
  })[0]!
}

import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph, Node } from '../../graph/graph.ts'

/*
 * Sizes beyond which ONNX Runtime's CUDA kernels fail or, worse, pass and are wrong: they index with int32, and the
 * batch of an attention is an axis of the launch's grid.
 */

/** Elements that a tensor may have. */
export const MAX_ELEMENTS = 2 ** 31 - 1
export const MAX_ATTENTION_BATCH = 65_535
export const MAX_ATTENTION_HEADS = 1024

/** Least count of pieces of `total` that are at most `most` each, or one each where `most` is 0. */
export const piecesWithin = (total: number, most: number): number => Math.ceil(total / Math.max(1, most))

export interface LimitFault {
  readonly node: string
  readonly rule: string
}

const faultsOf = (node: Node): readonly string[] => {
  const values = [...node.inputs.filter((value) => value !== null), ...node.outputs]
  const large = values.filter(({ shape }) => elementCount(shape) > MAX_ELEMENTS)
  const rules = large.map(
    ({ name, shape }) => `${name} has [${shape.join(',')}]; a tensor must have less than 2^31 elements`,
  )
  if (node.op !== 'MultiHeadAttention') return rules
  const batch = node.inputs[0]?.shape[0] ?? 0
  const heads = node.attributes['num_heads']
  return [
    ...rules,
    ...(batch > MAX_ATTENTION_BATCH ? [`has ${batch} sequences; at most ${MAX_ATTENTION_BATCH} fit`] : []),
    ...(typeof heads === 'number' && heads > MAX_ATTENTION_HEADS
      ? [`has ${heads} heads; at most ${MAX_ATTENTION_HEADS} fit`]
      : []),
  ]
}

/** Faults of nodes that no CUDA card can run, whatever its memory. Empty if there are none. */
export const cudaLimitFaults = (graph: Graph): readonly LimitFault[] =>
  graph.nodes.flatMap((node) => faultsOf(node).map((rule) => ({ node: node.name, rule })))

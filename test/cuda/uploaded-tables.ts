import type { Graph, Node } from '../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../worker/compiler/graph/weight-preparation.ts'

const INT64_BYTES = 8
const POINTER_BYTES = 8

const tableBytes = ({ op, inputs, outputs, attributes }: Node): number => {
  if (op === 'FusedMatMul' && attributes['transBatchA'] === 1)
    return 3 * POINTER_BYTES * (outputs[0]?.shape[0] ?? 0)
  const parts = op === 'Concat' ? inputs : op === 'Split' ? outputs : []
  const axis = Number(attributes['axis'])
  const sizes = parts.map((part) => part?.shape.at(axis) ?? 0)
  if (new Set(sizes).size < 2) return 0
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return INT64_BYTES * (total + 3 * sizes.length)
}

/**
 * Bytes that ONNX Runtime's CUDA kernels copy to the card at each run besides inputs: Concat and Split of unequal sizes
 * take a table that has the part of each index of the axis, and size, start and address of each part. A product that
 * swaps the first two axes takes pointers to its factors and results.
 */
export const uploadedTableBytes = (graph: Graph): number => {
  const prepared = preparationNodes(graph)
  return graph.nodes
    .filter((node) => !prepared.has(node))
    .reduce((total, node) => total + tableBytes(node), 0)
}

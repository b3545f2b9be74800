import type { Graph, Node } from '../../compiler/graph/graph.ts'

/**
 * The nodes in the order in which ONNX Runtime runs them, which is not the order of the model's file. It visits the
 * graph from its ends towards the inputs and runs a node after the nodes it reads from. Of several nodes that a node
 * reads from, the one that comes last in the file runs first; the same holds for the ends.
 *
 * Source: GraphViewer's default order (Graph::ReverseDFSFrom with NodeCompare) in ONNX Runtime 1.30.
 */
export const executionOrder = ({ nodes }: Pick<Graph, 'nodes'>): readonly Node[] => {
  const indexOf = new Map<string, number>()
  nodes.forEach(({ outputs }, index) => {
    for (const { name } of outputs) indexOf.set(name, index)
  })
  const read = nodes.map(({ inputs }) => {
    const producers = inputs.map((value) => indexOf.get(value?.name ?? '') ?? -1)
    return [...new Set(producers)].filter((index) => index >= 0).sort((a, b) => a - b)
  })
  const isRead = new Set(read.flat())

  const order: Node[] = []
  const visited = new Set<number>()
  const stack = nodes.flatMap((_, index) => (isRead.has(index) ? [] : [{ index, isEntered: false }]))
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { index, isEntered } = entry
    const node = nodes[index]
    if (node === undefined) continue
    if (isEntered) {
      order.push(node)
      continue
    }
    if (visited.has(index)) continue
    visited.add(index)
    stack.push({ index, isEntered: true })
    for (const producer of read[index] ?? []) {
      if (!visited.has(producer)) stack.push({ index: producer, isEntered: false })
    }
  }
  return order
}

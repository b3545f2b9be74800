import type { Graph, Node } from './graph.ts'

/** Ops with two outputs of which the second may be left out. */
const OPTIONAL_SECOND = new Set(['SkipGroupNorm', 'SkipLayerNormalization'])

const trimmed = (node: Node, isRead: (name: string) => boolean): Node => {
  const [first, second] = node.outputs
  if (!OPTIONAL_SECOND.has(node.op) || first === undefined || second === undefined || isRead(second.name))
    return node
  const { outputSlots: _, ...rest } = node
  return { ...rest, outputs: [first] }
}

/**
 * The graph without nodes and optional outputs that nothing reads. Layers record results that later layers may read, and
 * which of them are read is known only at the end.
 */
export const withoutUnused = (graph: Graph): Graph => {
  const read = new Set(graph.outputs.map(({ name }) => name))
  const nodes: Node[] = []
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some(({ name }) => read.has(name))) continue
    nodes.push(trimmed(node, (name) => read.has(name)))
    for (const value of node.inputs) if (value !== null) read.add(value.name)
  }
  return {
    ...graph,
    nodes: nodes.reverse(),
    constants: graph.constants.filter(({ value }) => read.has(value.name)),
  }
}

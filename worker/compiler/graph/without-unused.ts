import type { Graph, Node } from './graph.ts'

/** Ops whose outputs but the first may be left out. */
const OPTIONAL_OUTPUTS = new Set(['SkipGroupNorm', 'SkipLayerNormalization'])

const trimmed = (node: Node, isRead: (name: string) => boolean): Node => {
  if (!OPTIONAL_OUTPUTS.has(node.op)) return node
  const kept = node.outputs.map(({ name }, index) => index === 0 || isRead(name))
  if (kept.every((keep) => keep)) return node
  const { outputSlots, ...rest } = node
  const slots = outputSlots?.filter((_, index) => kept[index])
  const isFirstAlone = slots?.length === 1
  return {
    ...rest,
    outputs: node.outputs.filter((_, index) => kept[index]),
    ...(slots !== undefined && !isFirstAlone && { outputSlots: slots }),
  }
}

/**
 * The graph without nodes and optional outputs that nothing reads: a layer records what a later one may want, and
 * only at the end it is known what was wanted.
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

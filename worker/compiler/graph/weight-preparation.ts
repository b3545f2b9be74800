import { createHash } from 'node:crypto'
import type { Constant, Graph, Node } from './graph.ts'
import type { Value } from './value.ts'

/*
 * The part of a graph that depends on constants alone: weights cast, reordered, summed, scaled or repeated. A session
 * would compute it at every run; it can be computed once instead.
 */

/** The nodes whose inputs all come, in the end, from constants. */
export const preparationNodes = (graph: Graph): ReadonlySet<Node> => {
  const constant = new Set(graph.constants.map(({ value }) => value.name))
  const prepared = new Set<Node>()
  for (const node of graph.nodes) {
    if (node.inputs.length > 0 && node.inputs.every((value) => value === null || constant.has(value.name))) {
      prepared.add(node)
      for (const { name } of node.outputs) constant.add(name)
    }
  }
  return prepared
}

/** The nodes and constants that `wanted` need, in running order. */
export const neededFor = (
  graph: Pick<Graph, 'nodes' | 'constants'>,
  wanted: readonly Value[],
): { nodes: readonly Node[]; constants: readonly Constant[] } => {
  const names = new Set(wanted.map(({ name }) => name))
  const nodes: Node[] = []
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some(({ name }) => names.has(name))) continue
    nodes.push(node)
    for (const value of node.inputs) if (value !== null) names.add(value.name)
  }
  return { nodes: nodes.reverse(), constants: graph.constants.filter(({ value }) => names.has(value.name)) }
}

/** A graph without inputs that computes `outputs` of `graph`. */
export const preparationGraph = (graph: Graph, outputs: readonly Value[]): Graph => ({
  ...graph,
  name: `${graph.name}_weights`,
  inputs: [],
  outputs,
  ...neededFor(graph, outputs),
})

const digest = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** Digest of a table's bytes, because tables of a long clip have millions of numbers. */
const digestOfTable = (
  { shape, dtype }: Value,
  { buffer, byteOffset, byteLength }: ArrayBufferView,
): string =>
  createHash('sha256')
    .update(JSON.stringify([shape, dtype]))
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')

/**
 * Hashes of what each value is computed from and how. Neither the graph's name nor the size of its images is in them.
 * `fileId` identifies a weight file's content.
 */
export const preparationHashes = (
  graph: Graph,
  values: readonly Value[],
  fileId: (file: string) => string,
): readonly string[] => {
  const hashes = new Map<string, string>()
  const preparation = preparationGraph(graph, values)
  for (const { value, ...constant } of preparation.constants) {
    const { source } = constant
    hashes.set(
      value.name,
      source === 'inline'
        ? digestOfTable(value, constant.data)
        : digest(
            constant.weight.key,
            constant.weight.offsetBytes,
            constant.weight.dtype,
            value.shape,
            constant.weight.stored === null ? '' : fileId(constant.weight.stored.file),
          ),
    )
  }
  for (const node of preparation.nodes) {
    const inputs = node.inputs.map((value) => (value === null ? null : hashes.get(value.name)))
    node.outputs.forEach(({ name, shape, dtype }, index) => {
      hashes.set(name, digest(node.domain, node.op, node.attributes, inputs, index, shape, dtype))
    })
  }
  return values.map(({ name }) => hashes.get(name) ?? '')
}

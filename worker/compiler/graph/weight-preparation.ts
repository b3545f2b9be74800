import { createHash } from 'node:crypto'
import type { Constant, Graph, Node } from './graph.ts'
import { bytesOf, type Value } from './value.ts'

/*
 * The part of a graph that depends on constants alone: kernels reordered, summed or scaled. ONNX Runtime would compute
 * it each time a session is made, with both the stored and the new form in memory; it can be computed once instead.
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

/**
 * Changes of type and view alone, which ONNX Runtime makes without a second copy; and a row for each picture, of which
 * there would be another file for each number of frames.
 */
const CHEAP = new Set(['Cast', 'Reshape', 'Identity', 'Expand'])

/** Below this a file and its bookkeeping cost more than they save. */
const MIN_BYTES = 64 * 1024

/** What nodes outside the preparation read of it, where that is large and more than a cast: worth keeping. */
export const preparedValues = (graph: Graph): readonly Value[] => {
  const nodes = preparationNodes(graph)
  const worth = new Set<string>()
  const candidates = new Map<string, Value>()
  for (const node of nodes) {
    const costly = !CHEAP.has(node.op) || node.inputs.some((value) => value !== null && worth.has(value.name))
    for (const value of node.outputs) {
      if (costly) worth.add(value.name)
      if (costly && bytesOf(value) >= MIN_BYTES) candidates.set(value.name, value)
    }
  }
  const read = new Map<string, Value>()
  for (const node of graph.nodes) {
    if (nodes.has(node)) continue
    for (const value of node.inputs) {
      const prepared = value === null ? undefined : candidates.get(value.name)
      if (prepared !== undefined) read.set(prepared.name, prepared)
    }
  }
  return [...read.values()]
}

/** The nodes and constants that `wanted` need, in running order. */
const neededFor = (
  graph: Graph,
  wanted: Iterable<string>,
): { nodes: readonly Node[]; constants: readonly Constant[] } => {
  const names = new Set(wanted)
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
  ...neededFor(
    graph,
    outputs.map(({ name }) => name),
  ),
})

/** The same graph with `prepared` in place of the nodes that computed them. */
export const withPrepared = (graph: Graph, prepared: readonly Constant[]): Graph => {
  const names = new Set(prepared.map(({ value }) => value.name))
  const rest = {
    ...graph,
    nodes: graph.nodes.filter((node) => !node.outputs.some(({ name }) => names.has(name))),
  }
  const needed = neededFor(
    rest,
    graph.outputs.map(({ name }) => name),
  )
  return { ...graph, nodes: needed.nodes, constants: [...needed.constants, ...prepared] }
}

const digest = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/**
 * Names what a value is computed from and how, whatever its graph is called and however large its pictures are.
 * `fileId` names a weight file's content.
 */
export const preparationHashes = (
  graph: Graph,
  values: readonly Value[],
  fileId: (file: string) => string,
): readonly string[] => {
  const hashes = new Map<string, string>()
  for (const { value, ...constant } of graph.constants) {
    const { source } = constant
    hashes.set(
      value.name,
      source === 'inline'
        ? digest(value.shape, value.dtype, Array.from(constant.data, String))
        : digest(
            constant.weight.key,
            constant.weight.offsetBytes,
            constant.weight.dtype,
            value.shape,
            constant.weight.stored === null ? '' : fileId(constant.weight.stored.file),
          ),
    )
  }
  for (const node of preparationGraph(graph, values).nodes) {
    const inputs = node.inputs.map((value) => (value === null ? null : hashes.get(value.name)))
    node.outputs.forEach(({ name, shape, dtype }, index) => {
      hashes.set(name, digest(node.domain, node.op, node.attributes, inputs, index, shape, dtype))
    })
  }
  return values.map(({ name }) => hashes.get(name) ?? '')
}

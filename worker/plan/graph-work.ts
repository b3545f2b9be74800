import type { Graph, Node } from '../compiler/graph/graph.ts'
import { type NodeWork, nodeWork } from '../compiler/graph/node-work.ts'
import { bytesOf } from '../compiler/graph/value.ts'
import { preparationHashes, preparationNodes } from '../compiler/graph/weight-preparation.ts'
import { cudaLimitFaults, type LimitFault } from '../compiler/targets/cuda/limits.ts'

/** The work of one run of a graph on a card, counted from shapes. */
export interface GraphWork {
  /** Each node that a session runs, in order. What prepares weights is not in it. */
  readonly nodes: readonly NodeWork[]
  /** The part of the graph's FLOPs that tensor cores do. */
  readonly tensorCoreFlops: number
  /** Bytes read and written in device memory, every node for itself. */
  readonly movedBytes: number
  /** Bytes of the weights as a session holds them: laid out and cast for its nodes. */
  readonly sessionWeightBytes: number
  /** Nodes that no card can run, whatever its memory. */
  readonly limitFaults: readonly LimitFault[]
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0)

/** Configs alone have no files. A checkpoint has one file for each component, so that keys tell its weights apart. */
const anyFile = (): string => ''

/** Counts what nodes read that is not an activation: constants, and results of constants alone, equal ones once. */
const sessionWeightBytes = (graph: Graph, nodes: readonly Node[], prepared: ReadonlySet<Node>): number => {
  const computed = new Set([...prepared].flatMap(({ outputs }) => outputs.map(({ name }) => name)))
  const constants = new Set(graph.constants.map(({ value }) => value.name))
  const inputs = nodes.flatMap((node) => node.inputs.filter((value) => value !== null))
  const read = [...new Map(inputs.map((value) => [value.name, value])).values()]
  const results = read.filter(({ name }) => computed.has(name))
  const hashes = preparationHashes(graph, results, anyFile)
  const distinct = new Map(results.map((value, index) => [hashes[index], value]))
  return sum([...read.filter(({ name }) => constants.has(name)), ...distinct.values()], bytesOf)
}

export const graphWorkOf = (graph: Graph): GraphWork => {
  const prepared = preparationNodes(graph)
  const running = graph.nodes.filter((node) => !prepared.has(node))
  const nodes = running.map(nodeWork)
  return {
    nodes,
    tensorCoreFlops: sum(nodes, ({ flops, usesTensorCores }) => (usesTensorCores ? flops : 0)),
    movedBytes: sum(nodes, ({ bytes }) => bytes),
    sessionWeightBytes: sessionWeightBytes(graph, running, prepared),
    limitFaults: cudaLimitFaults(graph),
  }
}

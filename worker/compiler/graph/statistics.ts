import { weightBytes } from '../weights/weight-tensor.ts'
import type { Graph, Node } from './graph.ts'
import { bytesOf } from './value.ts'
import { preparationNodes } from './weight-preparation.ts'

export interface GraphStatistics {
  /** Count of nodes that a session runs, without those that prepare weights. */
  readonly nodes: number
  /**
   * FLOPs of one run, without the preparation of weights: matrix products, convolutions and attention, 2 per
   * multiply-add.
   */
  readonly flops: number
  /** FLOPs that the reference computes in addition, by the reason why this graph does not. */
  readonly avoidedFlops: Readonly<Record<string, number>>
  /** Weights as stored in the checkpoint. */
  readonly weightBytes: number
  /** Largest sum of activations alive at once while nodes run in order; weights not counted. */
  readonly peakActivationBytes: number
  /** Name of the node at which `peakActivationBytes` is reached. */
  readonly peakAt: string
  readonly flopsByOp: Readonly<Record<string, number>>
}

/** Ops that only rename bytes: ONNX Runtime lets their output share its input's buffer. */
const ALIASES = new Set(['Reshape', 'Identity'])

const peakActivations = (
  graph: Graph,
  nodes: readonly Node[],
): { readonly bytes: number; readonly at: string } => {
  const bufferOf = new Map<string, string>()
  const sizes = new Map<string, number>()
  const lastUse = new Map<string, number>()
  const isActivation = (name: string): boolean => bufferOf.has(name)

  for (const input of graph.inputs) {
    bufferOf.set(input.name, input.name)
    sizes.set(input.name, bytesOf(input))
    lastUse.set(input.name, nodes.length)
  }
  nodes.forEach((node, index) => {
    for (const value of node.inputs) {
      const buffer = value === null ? undefined : bufferOf.get(value.name)
      if (buffer !== undefined) lastUse.set(buffer, Math.max(index, lastUse.get(buffer) ?? 0))
    }
    const source = node.inputs[0]
    for (const output of node.outputs) {
      const alias = ALIASES.has(node.op) && source != null && isActivation(source.name)
      const buffer = alias ? (bufferOf.get(source.name) ?? output.name) : output.name
      bufferOf.set(output.name, buffer)
      if (!alias) sizes.set(buffer, bytesOf(output))
      lastUse.set(buffer, Math.max(index, lastUse.get(buffer) ?? 0))
    }
  })
  for (const output of graph.outputs) lastUse.set(bufferOf.get(output.name) ?? output.name, nodes.length)

  const freedAfter = Map.groupBy(lastUse.entries(), ([, index]) => index)
  let live = graph.inputs.reduce((total, input) => total + bytesOf(input), 0)
  let peak = { bytes: live, at: 'inputs' }
  nodes.forEach((node, index) => {
    for (const { name } of node.outputs) if (bufferOf.get(name) === name) live += sizes.get(name) ?? 0
    if (live > peak.bytes) peak = { bytes: live, at: node.name }
    for (const [buffer] of freedAfter.get(index) ?? []) live -= sizes.get(buffer) ?? 0
  })
  return peak
}

export const statisticsOf = (graph: Graph): GraphStatistics => {
  const avoidedFlops: Record<string, number> = {}
  for (const { reason, flops } of graph.avoided) avoidedFlops[reason] = (avoidedFlops[reason] ?? 0) + flops
  const prepared = preparationNodes(graph)
  const nodes = graph.nodes.filter((node) => !prepared.has(node))
  const flopsByOp: Record<string, number> = {}
  for (const { op, flops } of nodes) if (flops > 0) flopsByOp[op] = (flopsByOp[op] ?? 0) + flops
  const peak = peakActivations(graph, nodes)
  return {
    nodes: nodes.length,
    flops: nodes.reduce((total, { flops }) => total + flops, 0),
    avoidedFlops,
    weightBytes: graph.constants.reduce(
      (total, constant) => total + (constant.source === 'weight' ? weightBytes(constant.weight) : 0),
      0,
    ),
    peakActivationBytes: peak.bytes,
    peakAt: peak.at,
    flopsByOp,
  }
}

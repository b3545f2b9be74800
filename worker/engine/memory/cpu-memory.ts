import type { Graph } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'
import { simulateArena } from './arena-peak.ts'
import type { GraphMemory } from './graph-memory.ts'

/** Ops whose constant second input ONNX Runtime packs into a copy of its own. */
const PACKED = new Set(['MatMul', 'FusedMatMul', 'Gemm'])
/** Buffers of threads and kernels beside the tensors: 2 to 8 % were measured. */
const WORKSPACE_SHARE = 0.05
/** A node as an object, here and in ONNX Runtime: the slope of nine measured peaks of the demo. */
const NODE_BYTES = 18_000

const weightBytesOf = ({ nodes, constants }: Graph): number => {
  const packed = new Set(nodes.filter(({ op }) => PACKED.has(op)).map(({ inputs }) => inputs[1]?.name))
  return constants.reduce((total, { value }) => total + bytesOf(value) * (packed.has(value.name) ? 2 : 1), 0)
}

/**
 * Memory of the CPU that a session of this folded graph takes from its first run on. Only bytes that were written to
 * count, because the system gives no memory for the rest of a region. A reserve gains nothing on the CPU, because it
 * writes to all of its bytes.
 */
export const cpuMemoryOf = (graph: Graph): GraphMemory => {
  const use = simulateArena(graph, () => [], { hasStreams: false })
  const weightBytes = weightBytesOf(graph) + NODE_BYTES * graph.nodes.length
  const arenaBytes = (1 + WORKSPACE_SHARE) * (use?.touchedBytes ?? Number.POSITIVE_INFINITY)
  const inputShapes = graph.inputs.map(({ shape }) => shape)
  return {
    graph: graph.name,
    inputShapes,
    reserve: null,
    weightBytes,
    arenaBytes,
    bytes: weightBytes + arenaBytes,
  }
}

import type { Graph } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'
import { withArenaReserve } from './arena-reserve.ts'
import { cudaWorkspaces } from './cuda-workspace.ts'
import type { GraphMemory, Reserve } from './graph-memory.ts'
import { plainArena, reservedArena } from './reserved-arena.ts'

export interface CudaCard {
  /** 75 for sm_75. */
  readonly computeCapability: number
  /** Whether float32 is rounded to TF32, as it is unless the process was started without; default true. */
  readonly hasTf32?: boolean
}

/** cudaMalloc's alignment: each weight is an allocation of its own. */
const ALIGNMENT_BYTES = 256
/**
 * Allowance for what sessions and kernels allocate beside the arena: 33 KB were measured for an image encoder, and for
 * a decoder 18 KB more with each frame.
 */
const TABLE_BYTES = 2 ** 16
const TABLE_BYTES_PER_IMAGE = 20 * 2 ** 10

/** Sizes, starts and axes stay with the CPU, indices do not; all are counted, as they are small. */
const weightBytesOf = ({ constants }: Graph): number =>
  constants.reduce(
    (total, { value }) => total + Math.ceil(bytesOf(value) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES,
    0,
  )

/**
 * Memory that a session of this graph takes on a card from its first run on, and the reserve with which it takes
 * least. The graph is folded (`foldedGraph`, `withPreparedWeights`); its sizes are open and its weights lie outside
 * the arena. `withReserve: false` takes the graph as it is.
 */
export const cudaMemoryOf = (graph: Graph, card: CudaCard, { withReserve = true } = {}): GraphMemory => {
  const [images = 0, , , width] = graph.inputs[0]?.shape ?? []
  const weightBytes =
    weightBytesOf(graph) + TABLE_BYTES + (width === undefined ? 0 : images * TABLE_BYTES_PER_IMAGE)
  const { computeCapability, hasTf32 = true } = card
  const workspaces = cudaWorkspaces(graph, { computeCapability, hasTf32 })
  const arena = withReserve ? reservedArena(graph, workspaces) : plainArena(graph, workspaces)
  const inputShapes = graph.inputs.map(({ shape }) => shape)
  return { graph: graph.name, inputShapes, ...arena, weightBytes, bytes: weightBytes + arena.arenaBytes }
}

/** The graph with the reserve that `cudaMemoryOf` chose for it. */
export const withReserve = (graph: Graph, reserve: Reserve | null): Graph =>
  reserve === null ? graph : withArenaReserve(graph, reserve.bytes, reserve.input)

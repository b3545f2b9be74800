import type { Graph } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'
import { simulateArena } from './arena-peak.ts'
import { LARGEST_REGION_BYTES, withArenaReserve } from './arena-reserve.ts'
import { cudaWorkspaces } from './cuda-workspace.ts'
import type { GraphMemory, Reserve } from './graph-memory.ts'

export interface CudaCard {
  /** 75 for sm_75. */
  readonly computeCapability: number
}

/** cudaMalloc's alignment: each weight is an allocation of its own. */
const ALIGNMENT_BYTES = 256
/**
 * What sessions and kernels allocate for themselves beside the arena: 33 KB were measured for an image encoder, and for a
 * decoder 18 KB more with each frame.
 */
const TABLE_BYTES = 2 ** 16
const TABLE_BYTES_PER_IMAGE = 20 * 2 ** 10
const SMALLEST_RESERVE_BYTES = 2 ** 26

/** Sizes, starts and axes stay with the CPU, indices do not; all are counted, as they are small. */
const weightBytesOf = ({ constants }: Graph): number =>
  constants.reduce(
    (total, { value }) => total + Math.ceil(bytesOf(value) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES,
    0,
  )

const ORDERS = ['oldest', 'newest'] as const

/**
 * The most of all possibilities: addresses decide between equal chunks, and the driver chooses addresses; cuDNN chooses
 * workspaces. Infinity if that reaches `limitBytes`.
 */
const arenaBytesOf = (
  graph: Graph,
  computeCapability: number,
  limitBytes = Number.POSITIVE_INFINITY,
): number => {
  let most = 0
  for (const workspace of cudaWorkspaces(graph, computeCapability)) {
    for (const lowestRegion of ORDERS) {
      const use = simulateArena(graph, workspace, { lowestRegion, limitBytes })
      if (use === null) return Number.POSITIVE_INFINITY
      most = Math.max(most, use.arenaBytes)
    }
  }
  return most
}

const POWERS = Array.from(
  { length: Math.log2(LARGEST_REGION_BYTES / SMALLEST_RESERVE_BYTES) + 1 },
  (_, power) => SMALLEST_RESERVE_BYTES * 2 ** power,
)

/**
 * What a session of this graph takes on a card from its first run on, and the reserve with which it takes least. The
 * graph is folded (`foldedGraph`, `withPreparedWeights`); its sizes are open and its weights lie outside the arena.
 * `withReserve: false` takes the graph as it is.
 */
export const cudaMemoryOf = (
  graph: Graph,
  { computeCapability }: CudaCard,
  { withReserve = true } = {},
): GraphMemory => {
  const [images = 0, , , width] = graph.inputs[0]?.shape ?? []
  const weightBytes =
    weightBytesOf(graph) + TABLE_BYTES + (width === undefined ? 0 : images * TABLE_BYTES_PER_IMAGE)
  const plain = arenaBytesOf(graph, computeCapability)
  let best: { readonly reserve: Reserve | null; readonly arenaBytes: number } = {
    reserve: null,
    arenaBytes: plain,
  }
  // A reserve as large as what the graph takes anyway saves nothing.
  const worthTrying = withReserve ? POWERS.filter((bytes) => bytes < plain) : []
  for (const { name: input } of graph.inputs) {
    for (const bytes of worthTrying.toReversed()) {
      if (bytes >= best.arenaBytes) continue
      // Of two reserves that take as much, the smaller one is filled in less time.
      const mostBytes = best.arenaBytes - (best.reserve === null ? 1 : 0)
      const reserved = withArenaReserve(graph, bytes, input)
      const arenaBytes = arenaBytesOf(reserved, computeCapability, mostBytes + 1)
      if (arenaBytes <= mostBytes) best = { reserve: { bytes, input }, arenaBytes }
    }
  }
  const inputShapes = graph.inputs.map(({ shape }) => shape)
  return { graph: graph.name, inputShapes, ...best, weightBytes, bytes: weightBytes + best.arenaBytes }
}

/** The graph with the reserve that `cudaMemoryOf` chose for it. */
export const withReserve = (graph: Graph, reserve: Reserve | null): Graph =>
  reserve === null ? graph : withArenaReserve(graph, reserve.bytes, reserve.input)

import type { Graph } from '../../compiler/graph/graph.ts'
import { simulateArena, type Workspace } from './arena-peak.ts'
import { LARGEST_REGION_BYTES, withArenaReserve } from './arena-reserve.ts'
import type { Reserve } from './graph-memory.ts'

/* Which reserve a graph gets on CUDA, and what its arena takes with it. */

const ORDERS = ['oldest', 'newest'] as const

/**
 * The most of all possibilities: addresses decide between equal chunks, and the driver chooses addresses; cuDNN chooses
 * workspaces. Infinity if that reaches `limitBytes`.
 */
const mostArenaBytes = (
  graph: Graph,
  workspaces: readonly Workspace[],
  limitBytes = Number.POSITIVE_INFINITY,
): number => {
  let most = 0
  for (const workspace of workspaces) {
    for (const lowestRegion of ORDERS) {
      const use = simulateArena(graph, workspace, { lowestRegion, limitBytes })
      if (use === null) return Number.POSITIVE_INFINITY
      most = Math.max(most, use.arenaBytes)
    }
  }
  return most
}

export interface ReservedArena {
  /** `null`: the graph takes least as it is. */
  readonly reserve: Reserve | null
  readonly arenaBytes: number
}

/** The arena of a graph that gets no reserve. */
export const plainArena = (graph: Graph, workspaces: readonly Workspace[]): ReservedArena => ({
  reserve: null,
  arenaBytes: mostArenaBytes(graph, workspaces),
})

const SMALLEST_RESERVE_BYTES = 2 ** 26

const POWERS = Array.from(
  { length: Math.log2(LARGEST_REGION_BYTES / SMALLEST_RESERVE_BYTES) + 1 },
  (_, power) => SMALLEST_RESERVE_BYTES * 2 ** power,
)

/** The reserve of one region with which the graph takes least; `null` if it takes least as it is. */
const leastArena = (graph: Graph, workspaces: readonly Workspace[]): ReservedArena => {
  let best = plainArena(graph, workspaces)
  const plain = best.arenaBytes
  // A reserve as large as what the graph takes anyway saves nothing.
  const worthTrying = POWERS.filter((bytes) => bytes < plain)
  for (const { name: input } of graph.inputs) {
    for (const bytes of worthTrying.toReversed()) {
      if (bytes >= best.arenaBytes) continue
      // Of two reserves that take as much, the smaller one is filled in less time.
      const mostBytes = best.arenaBytes - (best.reserve === null ? 1 : 0)
      const reserved = withArenaReserve(graph, bytes, input)
      const arenaBytes = mostArenaBytes(reserved, workspaces, mostBytes + 1)
      if (arenaBytes <= mostBytes) best = { reserve: { bytes, input }, arenaBytes }
    }
  }
  return best
}

/** 4, 5, 6, 7, 8, 10, 12, 14, 16 MiB and so on: up to three regions. */
const WHOLE_SIZES = Array.from({ length: Math.log2(2 ** 36 / 2 ** 22) + 1 }, (_, power) =>
  [1, 1.25, 1.5, 1.75].map((factor) => factor * 2 ** (22 + power)),
).flat()

/**
 * The smallest reserve that all of the graph fits into, whatever cuDNN chooses; `null` if there is none. No region is
 * made after it. A workspace is freed before the next node runs and leaves a region as it was, so that smaller ones than
 * those that were simulated change nothing. Without such a reserve they do: the arena of a decoder took 16 GiB with
 * the workspaces of an A10G, and 12 GiB both with larger ones and with none.
 */
const wholeArena = (graph: Graph, workspaces: readonly Workspace[]): ReservedArena | null => {
  const nothing = { ...graph, nodes: [], outputs: [] }
  const uses = workspaces.map((workspace) => simulateArena(graph, workspace, { runs: 1 }))
  const liveBytes = Math.max(...uses.map((use) => use?.liveBytes ?? 0))
  for (const bytes of WHOLE_SIZES.filter((size) => size >= liveBytes)) {
    for (const { name: input } of graph.inputs) {
      const alone = mostArenaBytes(withArenaReserve(nothing, bytes, input), workspaces)
      const reserved = withArenaReserve(graph, bytes, input)
      if (mostArenaBytes(reserved, workspaces, alone + 1) === alone)
        return { reserve: { bytes, input }, arenaBytes: alone }
    }
  }
  return null
}

/** `workspaces`: of `cudaWorkspaces`; all that the kernels may allocate. */
export const reservedArena = (graph: Graph, workspaces: readonly Workspace[]): ReservedArena => {
  const whole = workspaces.length > 1 ? wholeArena(graph, workspaces) : null
  return whole ?? leastArena(graph, workspaces)
}

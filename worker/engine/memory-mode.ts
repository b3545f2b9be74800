import type { Graph } from '../compiler/graph/graph.ts'
import { statisticsOf } from '../compiler/graph/statistics.ts'
import { elementsOf } from '../compiler/graph/value.ts'

/**
 *     resident   every network stays in memory between runs and jobs
 *     offload    one network at a time
 *     low-vram   offload, guidance's two passes one after the other, feed-forward layers in pieces
 *
 * All give the same frames on the CPU. On a GPU, equal renders differ in the last bits anyway.
 */
export type MemoryPlan = 'resident' | 'offload' | 'low-vram'

/** Shares of the available memory that an estimate may reach: it knows neither allocator slack nor neighbours. */
const RESIDENT_SHARE = 0.5
export const OFFLOAD_SHARE = 0.8

/** Weights as the CPU provider holds them (float32), and the largest sum of activations. */
const estimatedBytes = (graph: Graph): { readonly weights: number; readonly activations: number } => ({
  weights: graph.constants.reduce((total, { value }) => total + 4 * elementsOf(value.shape), 0),
  activations: statisticsOf(graph).peakActivationBytes,
})

export interface MemoryNeed {
  /** Of the graph that takes most. */
  readonly graph: string
  readonly bytes: number
}

/** What running these graphs one at a time takes. */
export const memoryNeedOf = (graphs: readonly Graph[]): MemoryNeed =>
  graphs
    .map((graph) => ({ graph: graph.name, estimate: estimatedBytes(graph) }))
    .map(({ graph, estimate }) => ({ graph, bytes: estimate.weights + estimate.activations }))
    .reduce((most, need) => (need.bytes > most.bytes ? need : most))

/** What `auto` means for these graphs of one clip on a machine with that much memory free. */
export const chooseMemoryPlan = (
  graphs: readonly Graph[],
  { availableBytes, keepWarm }: { readonly availableBytes: number; readonly keepWarm: boolean },
): MemoryPlan => {
  // Sessions that stay also keep what their activations took.
  const together = graphs
    .map(estimatedBytes)
    .reduce((total, { weights, activations }) => total + weights + activations, 0)
  if (keepWarm && together <= RESIDENT_SHARE * availableBytes) return 'resident'
  return memoryNeedOf(graphs).bytes <= OFFLOAD_SHARE * availableBytes ? 'offload' : 'low-vram'
}

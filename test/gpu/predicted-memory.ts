import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { cudaDeviceMemory } from '../../worker/engine/memory/device-memory.ts'
import type { GraphMemory } from '../../worker/engine/memory/graph-memory.ts'

/** Predicts what a graph takes on a card, as the product's memory planner does, and once for each graph. */
export const predictedMemory = (card: { readonly computeCapability: number }) => {
  const { memoryOf } = cudaDeviceMemory(card, 0)
  const known = new WeakMap<Graph, GraphMemory>()
  return (graph: Graph): GraphMemory => {
    const found = known.get(graph) ?? memoryOf(graph)
    known.set(graph, found)
    return found
  }
}

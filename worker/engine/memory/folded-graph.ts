import { foldGraph, foldViews, planFolding } from '../../compiler/graph/constant-folding.ts'
import type { Graph } from '../../compiler/graph/graph.ts'

/**
 * The graph as a session gets it: what depends on constants alone is a constant. Their numbers are not computed, so it
 * can be measured and not run.
 */
export const foldedGraph = (recorded: Graph): Graph => {
  const graph = foldViews(recorded)
  const folding = planFolding(graph, (file) => file)
  const roots = [...folding.inline, ...folding.large.map(({ value }) => value)]
  const nothing = { source: 'inline', data: new Float32Array(0) } as const
  return foldGraph(graph, folding, new Map(roots.map(({ name }) => [name, nothing])))
}

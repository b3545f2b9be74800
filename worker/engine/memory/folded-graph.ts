import { type Folding, foldGraph, foldViews, planFolding } from '../../compiler/graph/constant-folding.ts'
import type { Graph } from '../../compiler/graph/graph.ts'

/** A graph that can be measured and not run: the numbers of its folded constants are not computed. */
export interface FoldedGraph {
  /** The graph that a session gets: a value that depends on constants alone is a constant. */
  readonly graph: Graph
  /** The graph before its constants were folded. */
  readonly source: Graph
  readonly folding: Folding
}

export const foldForMemory = (recorded: Graph): FoldedGraph => {
  const source = foldViews(recorded)
  const folding = planFolding(source, (file) => file)
  const roots = [...folding.inline, ...folding.large.map(({ value }) => value)]
  const nothing = { source: 'inline', data: new Float32Array(0) } as const
  const graph = foldGraph(source, folding, new Map(roots.map(({ name }) => [name, nothing])))
  return { graph, source, folding }
}

/** The graph as a session gets it. */
export const foldedGraph = (recorded: Graph): Graph => foldForMemory(recorded).graph

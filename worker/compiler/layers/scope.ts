import type { Graph } from '../graph/graph.ts'
import type { Target } from '../targets/target.ts'
import type { Weights } from '../weights/weights.ts'

/** Graph, target and weights of a layer: its target chooses the ops, and its weights stand at its own path. */
export interface Scope {
  readonly g: Graph
  readonly target: Target
  readonly w: Weights
}

/** The same graph and target, one or more steps down the tree of weights. */
export const into = (scope: Scope, ...steps: readonly (string | number)[]): Scope => ({
  ...scope,
  w: scope.w.at(...steps),
})

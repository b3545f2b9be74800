import { isDeepStrictEqual } from 'node:util'
import type { Graph } from '../../compiler/graph/graph.ts'
import type { GraphMemory, Reserve } from './graph-memory.ts'

/** The reserve that a plan has for a graph; `null` if the plan has none, or does not know the graph. */
export const reserveOf = (planned: readonly GraphMemory[], { name, inputs }: Graph): Reserve | null => {
  const shapes = inputs.map(({ shape }) => shape)
  const found = planned.find(
    ({ graph, inputShapes }) => graph === name && isDeepStrictEqual(inputShapes, shapes),
  )
  return found?.reserve ?? null
}

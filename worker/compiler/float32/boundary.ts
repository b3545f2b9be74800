import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { reshape } from '../ops/shape.ts'

/* Views of inputs and outputs, whose shapes are a contract with the caller. They move no bytes. */

/** [n] → [n, 1] */
export const columnOf = (g: Graph, x: Value): Value => reshape(g, x, [...x.shape, 1])

/** [clips·frames, …] → [clips, frames, …] */
export const clipsOfFrames = (g: Graph, x: Value, frames: number): Value => {
  const [images = 0, ...rest] = x.shape
  return reshape(g, x, [images / frames, frames, ...rest])
}

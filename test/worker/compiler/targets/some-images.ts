import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import type { Images, Target } from '../../../../worker/compiler/targets/target.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

/* Images of two clips, on which the verbs of feature maps are tested. */

export const CLIPS = 2
export const FRAMES = 3
export const CHANNELS = 64
/** Height and width. */
export const SIZE = [5, 4] as const
export const X = someTensor(1, [CLIPS * FRAMES, CHANNELS, ...SIZE])

/** Runs `record` on X as images of `target`, with further inputs by name, and returns the resulting images in plain order. */
export const runOnImages = async (
  target: Target,
  record: (g: Graph, x: Images, inputs: Readonly<Record<string, Value>>) => Images,
  given: Readonly<Record<string, Tensor>> = {},
): Promise<Tensor> => {
  const g = createGraph('images')
  const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, { shape }]) => [name, g.input(name, shape)]),
  )
  g.output('y', target.imagesToNchw(g, record(g, x, inputs)))
  return (await runGraph(g, { x: X, ...given }))['y']!
}

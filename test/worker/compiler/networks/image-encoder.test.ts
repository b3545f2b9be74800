import { describe, test } from 'vitest'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../../worker/compiler/compile.ts'
import type { Graph } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { cpuTarget } from '../../../../worker/compiler/targets/cpu.ts'
import { oneTarget } from '../../../../worker/compiler/targets/target.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { drawInput } from '../../../fixtures/golden-input.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../../../fixtures/random-checkpoint.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const SIZE = { width: 64, height: 64, numFrames: 1, guidance: true, feedForwardChunks: 1 } as const

const recordEncoder = async (name: CheckpointName): Promise<Graph> => {
  const dir = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec(name))
  return compileClip(await openCheckpoint(dir), { ...SIZE, targets: oneTarget(cpuTarget) }).imageEncoder()
}

/** The output of the last node of an encoder layer. */
const layerOutput = (graph: Graph, layer: number): Value | undefined =>
  graph.nodes.findLast(({ name }) => name.startsWith(`vision_model.encoder.layers.${layer}/`))?.outputs[0]

const norms = (graph: Graph) => graph.nodes.filter(({ op }) => op === 'LayerNormalization')

const EMBEDDINGS = 'vision_model.embeddings/output'
const LAYER_0 = 'vision_model.encoder.layers.0'
const LAYER_1 = 'vision_model.encoder.layers.1'

describe.each([
  {
    checkpoint: 'tiny',
    stages: {
      [EMBEDDINGS]: (graph: Graph) => norms(graph)[0]?.inputs[0],
      [`${LAYER_0}/hidden_states`]: (graph: Graph) => norms(graph)[0]?.outputs[0],
      [`${LAYER_0}/output`]: (graph: Graph) => layerOutput(graph, 0),
      'visual_projection/input': (graph: Graph) => norms(graph).at(-1)?.outputs[0],
      'visual_projection/output': (graph: Graph) => graph.outputs[0],
    },
  },
  {
    checkpoint: 'four-level',
    stages: {
      [`${LAYER_1}/hidden_states`]: (graph: Graph) => layerOutput(graph, 0),
      [`${LAYER_1}/output`]: (graph: Graph) => layerOutput(graph, 1),
    },
  },
] as const)('the image encoder of $checkpoint', (given) => {
  test.each(Object.entries(given.stages))('equals that of transformers at stage %s', async (stage, find) => {
    const golden = await readGolden('layers')
    const graph = await recordEncoder(given.checkpoint)
    const expected = golden.tensor(`${given.checkpoint}/image_encoder/${stage}`)
    const value = find(graph)
    if (value == null) throw new Error(`the graph has no ${stage}`)
    const upTo = { ...graph, outputs: [value] }
    const results = await runGraph(upTo, { pixel_values: drawInput(golden, 'clip.pixel_values') })
    const actual = { data: results[value.name]!.data, shape: expected.shape }
    expectClose(actual, expected, { relativeToScale: 1e-4 })
  })
})

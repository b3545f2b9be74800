import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Checkpoint, openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip } from '../../worker/compiler/compile.ts'
import type { Graph, Node } from '../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../worker/compiler/graph/weight-preparation.ts'
import { cudaTargets } from '../../worker/compiler/targets/clip-targets.ts'
import { cudaLimitFaults, type LimitFault } from '../../worker/compiler/targets/cuda/limits.ts'
import { XT_CONFIGS } from '../fixtures/checkpoint-folder.ts'
import { notEmpty } from '../fixtures/not-empty.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { type NamedGraphs, namedGraphs } from './clip-graphs.ts'
import { type KernelFault, kernelFaults } from './kernel-faults.ts'

/*
 * Checks every graph on CUDA against the tables of kernels and limits, without the provider. That the provider itself
 * takes the graphs is shown in placement.slow.ts.
 */

interface Sizes {
  readonly width: number
  readonly height: number
  readonly numFrames: number
}

const DEMO_DIR = fileURLToPath(new URL('../../worker/demo', import.meta.url))
const XT_SIZES: Sizes = { width: 1024, height: 576, numFrames: 25 }
const DECODED_FRAMES = [1, 8, 14, 25]

const random = (name: CheckpointName) => async (): Promise<Checkpoint> =>
  await openCheckpoint(await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec(name)))
const xt = (): Promise<Checkpoint> => openCheckpoint(XT_CONFIGS, { weights: 'optional' })

/** The types, and a T4's own graphs. */
const FORMS = {
  float16: { precision: 'fp16', computeCapability: null },
  'float16 on sm_75': { precision: 'fp16', computeCapability: 75 },
  float32: { precision: 'fp32', computeCapability: null },
} as const
type Form = keyof typeof FORMS
const FORM_NAMES = Object.keys(FORMS) as readonly Form[]

const graphsOf = (checkpoint: Checkpoint, form: Form, sizes: Sizes): ClipGraphs =>
  compileClip(checkpoint, {
    ...sizes,
    guidance: true,
    targets: cudaTargets({ ...FORMS[form], forceUpcast: false }),
    feedForwardChunks: 1,
  })

/** The graphs that have any. */
const faultsByGraph = <Fault>(graphs: NamedGraphs, faultsOf: (graph: Graph) => readonly Fault[]) =>
  Object.fromEntries(
    Object.entries(graphs)
      .map(([name, record]) => [name, faultsOf(record())] as const)
      .filter(([, faults]) => faults.length > 0),
  )

const CHECKPOINTS = [
  { name: 'tiny', open: random('tiny'), sizes: { width: 64, height: 48, numFrames: 25 } },
  { name: 'four-level', open: random('four-level'), sizes: { width: 72, height: 88, numFrames: 25 } },
  { name: 'mid-attn-3', open: random('mid-attn-3'), sizes: { width: 64, height: 48, numFrames: 25 } },
  {
    name: 'the demo checkpoint',
    open: () => openCheckpoint(DEMO_DIR),
    sizes: { width: 192, height: 128, numFrames: 25 },
  },
  { name: 'SVD-XT at 1024 × 576', open: xt, sizes: XT_SIZES },
]

describe('CUDA has a kernel for every node of every graph', () => {
  test.each(CHECKPOINTS)('of $name, in both precisions and on sm_75', async ({ open, sizes }) => {
    const checkpoint = await open()
    for (const form of FORM_NAMES) {
      const graphs = namedGraphs(graphsOf(checkpoint, form, sizes), DECODED_FRAMES)
      const faults = faultsByGraph<KernelFault>(graphs, (graph) =>
        kernelFaults(graph, { provider: 'CUDAExecutionProvider' }),
      )
      expect({ form, faults }).toEqual({ form, faults: {} })
    }
  })
})

describe('the limits of CUDA', () => {
  test.each(FORM_NAMES)('hold for every graph of SVD-XT, 25 frames of 1024 × 576, in %s', async (form) => {
    const graphs = namedGraphs(graphsOf(await xt(), form, XT_SIZES), DECODED_FRAMES)
    expect(faultsByGraph<LimitFault>(graphs, cudaLimitFaults)).toEqual({})
  })

  test('are exceeded if 29 frames are decoded at once, but not if 28 are', async () => {
    const graphs = graphsOf(await xt(), 'float16', XT_SIZES)
    expect(cudaLimitFaults(graphs.vaeDecoder(28))).toEqual([])
    const faults = cudaLimitFaults(graphs.vaeDecoder(29))
    const node = 'decoder.up_blocks.3.resnets.0.spatial_res_block/Concat_39'
    expect(faults[0]).toEqual({
      node,
      rule: `${node} has [29,576,1024,128]; a tensor must have less than 2^31 elements`,
    })
  })
})

const transposesOf = (graph: Graph): readonly Node[] => {
  const prepared = preparationNodes(graph)
  return graph.nodes.filter((node) => node.op === 'Transpose' && !prepared.has(node))
}

/** Nodes of layers are named after the layer. Nodes that convert inputs and outputs from and to NCHW are not. */
const isOfLayer = ({ name }: Node): boolean => name.includes('/')

/** Layer → number of transposes in it. */
const transposesByLayer = (graph: Graph): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { name } of transposesOf(graph).filter(isOfLayer)) {
    const layer = name.slice(0, name.indexOf('/'))
    counts[layer] = (counts[layer] ?? 0) + 1
  }
  return counts
}

const shapesAtTheDoor = (graph: Graph): readonly (readonly number[])[] =>
  transposesOf(graph)
    .filter((node) => !isOfLayer(node))
    .map(({ inputs }) => inputs[0]?.shape ?? [])

describe.each(FORM_NAMES)('SVD-XT in %s transposes', (form) => {
  const open = async (): Promise<ClipGraphs> => graphsOf(await xt(), form, XT_SIZES)

  test('tokens once before attention over frames, and a product moves them back', async () => {
    const graphs = await open()
    for (const graph of [graphs.denoiseStep(), graphs.predictionStep(), graphs.plainUnet(2)]) {
      const layers = Object.entries(transposesByLayer(graph))
      expect(layers).toHaveLength(16)
      for (const layer of layers) expect(layer).toEqual([expect.stringMatching(/attentions\.\d$/), 1])
      expect(transposesOf(graph)).toHaveLength(16 + 2)
      const back = graph.nodes.filter(({ attributes }) => attributes['transBatchA'] === 1)
      expect(back).toHaveLength(16)
    }
  })

  test('no feature map in any layer of the other networks', async () => {
    const graphs = namedGraphs(await open(), DECODED_FRAMES)
    const others = Object.entries(graphs).filter(([name]) => !/step|UNet/.test(name))
    for (const [name, record] of notEmpty(others))
      expect([name, transposesByLayer(record())]).toEqual([name, {}])
  })

  test('only latents, images and frames where they enter and leave a graph', async () => {
    const graphs = await open()
    expect(shapesAtTheDoor(graphs.denoiseStep())).toEqual([
      [25, 4, 72, 128],
      [50, 72, 128, 4],
    ])
    expect(shapesAtTheDoor(graphs.imageEncoder())).toEqual([[1, 3, 224, 224]])
    expect(shapesAtTheDoor(graphs.vaeEncoder())).toEqual([
      [1, 3, 576, 1024],
      [1, 72, 128, 4],
    ])
    expect(shapesAtTheDoor(graphs.conditioning(2))).toEqual([[2, 4, 72, 128]])
    expect(shapesAtTheDoor(graphs.timeShifts(25))).toEqual([])
    expect(shapesAtTheDoor(graphs.vaeDecoder(25))).toEqual([
      [25, 4, 72, 128],
      [25, 576, 1024, 3],
    ])
    // RGB bytes leave in the layout that the target computes in.
    expect(shapesAtTheDoor(graphs.vaeDecoder(25, 'rgb'))).toEqual([[25, 4, 72, 128]])
  })
})

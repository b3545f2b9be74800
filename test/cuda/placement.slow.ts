import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type Checkpoint, openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip } from '../../worker/compiler/compile.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { bytesOf, type Value } from '../../worker/compiler/graph/value.ts'
import { cudaTargets, type Precision } from '../../worker/compiler/targets/clip-targets.ts'
import { withPreparedWeights } from '../../worker/engine/prepared-weights.ts'
import { XT_CONFIGS } from '../fixtures/checkpoint-folder.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../fixtures/random-checkpoint.ts'
import { writeSparseCheckpoint } from '../fixtures/sparse-checkpoint.ts'
import { decoderName, namedGraphs } from './clip-graphs.ts'
import { describeGraph, type PlacedGraph, summarizeGraphs } from './placement-document.ts'
import { CARD_SETUPS, type CardSetup, COMPUTE_CAPABILITY, runOnCards } from './run-on-cards.ts'
import { withSparseWeights } from './sparse-weights.ts'
import { type Card, openStandIn } from './stand-in-card.ts'
import { uploadedTableBytes } from './uploaded-tables.ts'

/*
 * Every graph of three checkpoints is created and run by the real CUDA provider, on stand-ins for GPUs. placement.md
 * lists what each graph takes.
 */

const { obstacle, title } = await openStandIn({ realCudnn: true })

const scratch = await mkdtemp(join(tmpdir(), 'svd-placement-'))
afterAll(() => rm(scratch, { recursive: true, force: true }))

interface Sizes {
  readonly width: number
  readonly height: number
  readonly numFrames: number
}

/** The graphs of a T4, and the graphs of all other GPUs. */
type Form = 't4' | 'others'
const formOn = (card: string): Form => (card === 't4' ? 't4' : 'others')

interface Case {
  readonly name: string
  readonly record: (form: Form) => Graph
  readonly setups: readonly CardSetup[]
  /** Replaces the nodes that prepare weights by files. */
  readonly prepare: (graph: Graph) => Promise<Graph>
}

type GraphsIn = (form: Form) => ClipGraphs

const compile =
  (checkpoint: Checkpoint, precision: Precision, sizes: Sizes): GraphsIn =>
  (form) => {
    const computeCapability = form === 't4' ? COMPUTE_CAPABILITY.t4 : null
    return compileClip(checkpoint, {
      ...sizes,
      guidance: true,
      targets: cudaTargets({ precision, forceUpcast: false, computeCapability }),
      feedForwardChunks: 1,
    })
  }

type Recordings = Readonly<Record<string, Case['record']>>

/** Every graph of `namedGraphs`, in either form. */
const recordings = (graphsIn: GraphsIn, decodedFrames: readonly number[]): Recordings => {
  const named = (form: Form) => namedGraphs(graphsIn(form), decodedFrames)
  const names = Object.keys(named('others'))
  return Object.fromEntries(names.map((name) => [name, (form: Form) => named(form)[name]!()]))
}

const setupsOf = (...cards: readonly Card[]): readonly CardSetup[] =>
  CARD_SETUPS.filter(({ card }) => cards.includes(card))

/** A checkpoint with weights, which are prepared as the product prepares them. */
const casesOf = (checkpoint: Checkpoint, sizes: Sizes): readonly Case[] => {
  const inPrecision = (precision: Precision, setups: readonly CardSetup[]): readonly Case[] =>
    Object.entries(recordings(compile(checkpoint, precision, sizes), [sizes.numFrames])).map(
      ([name, record]) => ({
        name: `${name}, ${precision === 'fp16' ? 'float16' : 'float32'}`,
        record,
        setups,
        prepare: (graph) => withPreparedWeights(graph, { cacheDir: scratch }),
      }),
    )
  return [...inPrecision('fp16', CARD_SETUPS), ...inPrecision('fp32', setupsOf('t4', 'h100'))]
}

/** The largest of 1, 4, 8, 14 and 25 frames of 1024 × 576 that a GPU has the memory to decode at once. */
const MOST_DECODED_FRAMES: Readonly<Partial<Record<Card, number>>> = {
  ...{ t4: 4, a10g: 14, l4: 14 },
  ...{ a100: 25, h100: 25 },
}

const casesOfXt = (checkpoint: Checkpoint): readonly Case[] => {
  const sizes = { width: 1024, height: 576, numFrames: 25 }
  const [half, full] = [compile(checkpoint, 'fp16', sizes), compile(checkpoint, 'fp32', sizes)]
  const { 'plain UNet of both passes': _, ...graphs } = recordings(half, [])
  const prepare = (graph: Graph): Promise<Graph> => withSparseWeights(graph, scratch)
  const decoder = (frames: number, output: 'float' | 'rgb'): Case => ({
    name: decoderName(frames, output),
    record: (form) => half(form).vaeDecoder(frames, output),
    setups: CARD_SETUPS.filter(({ card }) => frames <= (MOST_DECODED_FRAMES[card] ?? 0)),
    prepare,
  })
  const others: Recordings = {
    ...graphs,
    'VAE encoder, float32': (form) => full(form).vaeEncoder(),
    [`${decoderName(1, 'float')}, float32`]: (form) => full(form).vaeDecoder(1),
  }
  return [
    ...Object.entries(others).map(([name, record]) => ({ name, record, setups: CARD_SETUPS, prepare })),
    ...[1, 4, 8, 14, 25].map((frames) => decoder(frames, 'rgb')),
    decoder(8, 'float'),
  ]
}

const DEMO = fileURLToPath(new URL('../../worker/demo', import.meta.url))
const tinyFolder = await writeRandomCheckpoint(join(scratch, 'tiny'), await readCheckpointSpec('tiny'))
const CHECKPOINTS = {
  tiny: casesOf(await openCheckpoint(tinyFolder), { width: 64, height: 48, numFrames: 3 }),
  demo: casesOf(await openCheckpoint(DEMO), { width: 192, height: 128, numFrames: 14 }),
  'SVD-XT': casesOfXt(await writeSparseCheckpoint(XT_CONFIGS, join(scratch, 'xt'), { variant: 'fp16' })),
} as const satisfies Record<string, readonly Case[]>

// Hooks do not run where every test is skipped.
if (obstacle !== null) await rm(scratch, { recursive: true })

interface Placed extends PlacedGraph {
  readonly graphOn: (card: string) => Graph
}

const place = async ({ name, record, setups, prepare }: Case): Promise<Placed> => {
  const graphs = { t4: await prepare(record('t4')), others: await prepare(record('others')) }
  const graphOn = (card: string): Graph => graphs[formOn(card)]
  return { name, graphOn, nodes: graphs.others.nodes.length, runs: await runOnCards(graphOn, setups) }
}

/** Tests share what they have run. */
const placed = new Map<Case, Promise<Placed>>()
const placedOf = (one: Case): Promise<Placed> => {
  const known = placed.get(one) ?? place(one)
  placed.set(one, known)
  return known
}

const bytesOfAll = (values: readonly Value[]): number =>
  values.reduce((sum, value) => sum + bytesOf(value), 0)

describe.skipIf(obstacle !== null).each(Object.entries(CHECKPOINTS))(
  `%s on every GPU${title}`,
  (_, cases) => {
    test.each(cases)('runs only on CUDA and copies only inputs and outputs: $name', async (one) => {
      const { graphOn, runs } = await placedOf(one)
      for (const [card, run] of runs) {
        const graph = graphOn(card)
        const toDevice = bytesOfAll(graph.inputs) + uploadedTableBytes(graph)
        const toHost = bytesOfAll(graph.outputs)
        const { error, cpuNodes, copyNodes, faults, nodesByProvider } = run
        expect({ card, error, cpuNodes, copyNodes, faults, providers: Object.keys(nodesByProvider) }).toEqual(
          {
            ...{ card, error: null, cpuNodes: [], copyNodes: [], faults: [] },
            providers: ['CUDAExecutionProvider'],
          },
        )
        const copied = run.runs.map(({ hostToDeviceBytes, deviceToHostBytes }) => [
          hostToDeviceBytes,
          deviceToHostBytes,
        ])
        expect({ card, copied }).toEqual({ card, copied: run.runs.map(() => [toDevice, toHost]) })
        expect(Object.keys(run.outputs).toSorted()).toEqual(graph.outputs.map(({ name }) => name).toSorted())
      }
    })
  },
)

const HEADER = `# Graphs on cards

\`npx vitest run --config vitest.slow.config.ts test/cuda/placement.slow.ts --update\` writes this file. Every node of every
graph here is on CUDA, and nothing is copied between devices but inputs, outputs and the small tables of uneven Concat
and Split and of products that swap axes. [README.md](README.md) says what the figures are and what they leave out.

A T4 runs graphs of its own, with fewer nodes. A cell is empty where a graph is not run: the decoder on cards that lack
the memory, small checkpoints in float32 on most cards. \`h100, cuDNN attention\` has convolutions without workspace.
`

describe.skipIf(obstacle !== null)(`graphs on GPUs${title}`, () => {
  test.each(['t4', 'a10g', 'h100', 'h100, cuDNN attention'])(
    'take at most 992 launches for a denoise step of SVD-XT on %s',
    async (card) => {
      const step = CHECKPOINTS['SVD-XT'].find(({ name }) => name === 'denoise step')
      const run = (await placedOf(step!)).runs.get(card)
      expect(run?.error).toBeNull()
      expect(run?.launches).toBeLessThanOrEqual(992)
    },
  )

  test('take the launches and the memory that placement.md lists', async () => {
    const cards = CARD_SETUPS.map(({ name }) => name)
    const allOf = async (cases: readonly Case[]): Promise<readonly Placed[]> => {
      const all: Placed[] = []
      for (const one of cases) all.push(await placedOf(one))
      return all
    }
    const xt = await allOf(CHECKPOINTS['SVD-XT'])
    const parts = [
      HEADER,
      '## SVD-XT, 25 frames of 1024 × 576, float16\n',
      summarizeGraphs(xt, cards),
      ...xt.map((graph) => describeGraph(graph, cards)),
      '## The demo checkpoint, 14 frames of 192 × 128\n',
      summarizeGraphs(await allOf(CHECKPOINTS.demo), cards),
      '## The random checkpoint tiny, 3 frames of 64 × 48\n',
      summarizeGraphs(await allOf(CHECKPOINTS.tiny), cards),
    ]
    await expect(parts.join('\n')).toMatchFileSnapshot('placement.md')
  })
})

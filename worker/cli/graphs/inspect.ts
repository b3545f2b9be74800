import { type Command, Option } from 'commander'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { type ClipGraphs, compileClip } from '../../compiler/compile.ts'
import type { Graph } from '../../compiler/graph/graph.ts'
import { printGraph } from '../../compiler/graph/print-graph.ts'
import { targetsOf } from '../../export/targets-of.ts'
import type { CommandContext } from '../command-context.ts'
import { countOnCards } from './clip-on-cards.ts'
import { addClipOptions, clipShapeOf } from './clip-options.ts'
import { countClip } from './clip-statistics.ts'
import { countCards } from './inspect-cards.ts'
import { graphAsJson, printCudaGraph } from './inspect-nodes.ts'
import { formatInspection, type Inspection, inspectionAsJson } from './inspect-report.ts'
import {
  addInspectedTargetOptions,
  chooseInspectedTarget,
  type InspectedTargetOptions,
} from './inspected-target.ts'
import { CONFIGS_HELP, openConfigs } from './open-configs.ts'

const RECORD: Readonly<Record<string, (graphs: ClipGraphs, shape: ClipShape) => Graph>> = {
  unet: (graphs, { guidance }) => graphs.plainUnet(guidance ? 2 : 1),
  'vae-decoder': (graphs, { decodeChunk }) => graphs.vaeDecoder(decodeChunk),
  'vae-encoder': (graphs) => graphs.vaeEncoder(),
  'image-encoder': (graphs) => graphs.imageEncoder(),
  conditioning: (graphs, { guidance }) => graphs.conditioning(guidance ? 2 : 1),
  'time-shifts': (graphs, { steps }) => graphs.timeShifts(steps),
  'denoise-step': (graphs) => graphs.denoiseStep(),
}

const NOTES = `
Works from config files alone: no weights are read, nothing is run. FLOPs are those of convolutions, matrix
products and attention, 2 per multiply-add; "reference" is what diffusers does for the same result.

Without --target, --device decides as for svd render. For a card these are the graphs that render runs on it. For the
CPU they are the portable ones: render's take the same work in the order of this processor's kernels.

--target cuda counts the graphs of ONNX Runtime's CUDA provider. Every node is a kernel that reads its inputs and writes
its outputs once. Seconds on a card are then, node by node, the longer of FLOPs over its peak and bytes over its
bandwidth, plus a launch. They are counted, not measured: the two ends of a range are what published runs of this
model reach of the data sheets at best and at worst. A T4 runs graphs of its own, which have fewer nodes: its row counts
those, and all else is about the graphs of the other cards, which a T4 can run too.

  svd inspect --checkpoint svd-xt --target cuda
  svd inspect --checkpoint svd-xt --target cuda --graph denoise-step
`

export const addInspectOptions = (command: Command): Command => {
  command
    .summary('count the work of a clip: parameters, FLOPs, memory')
    .description('Builds the graphs of a clip and prints what they take, or one graph as text.')
    .requiredOption('-c, --checkpoint <dir>', CONFIGS_HELP)
    .option('--variant <name>', 'weight files of that name, such as fp16')
  return addClipOptions(addInspectedTargetOptions(command))
    .optionsGroup('Output:')
    .addOption(
      new Option('--graph <name>', 'print this graph, one line per node').choices(Object.keys(RECORD)),
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)
}

export interface InspectOptions extends InspectedTargetOptions {
  readonly checkpoint: string
  readonly variant?: string
  readonly graph?: string
  readonly json?: true
}

/** Throws InvalidInputError, and an error that says why a card that was asked for cannot be used. */
export const runInspect = async (
  options: InspectOptions,
  context: Pick<CommandContext, 'stdout' | 'stderr' | 'environment' | 'deviceProbes'>,
): Promise<void> => {
  const { stdout, stderr } = context
  const { graph, json } = options
  const checkpoint = await openConfigs(options, context)
  const { target, card, device } = await chooseInspectedTarget(options, context)
  if (device?.hint != null) stderr.write(`${device.hint}\n`)
  const targets = targetsOf(target, checkpoint, card?.computeCapability)
  const shape = clipShapeOf({ ...options }, checkpoint, targets)
  const isCuda = target.target === 'cuda'
  const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
  const record = graph === undefined ? undefined : RECORD[graph]
  if (record !== undefined) {
    const recorded = record(compileClip(checkpoint, { ...shape, feedForwardChunks: 1 }), shape)
    const print = isCuda ? printCudaGraph : (one: Graph) => printGraph(one)
    stdout.write(json ? asJson(graphAsJson(recorded, isCuda)) : print(recorded))
    return
  }
  const about = {
    device,
    checkpoint: options.checkpoint,
    hasWeights: checkpoint.unet.tensors !== null,
    shape,
  }
  const inspectOnCards = (): Inspection => {
    const countOn = countOnCards(checkpoint, shape, (capability) => targetsOf(target, checkpoint, capability))
    const { statistics, memory } = countOn(card)
    return { ...about, statistics, cuda: { memory: memory.needs, cards: countCards(shape, countOn) } }
  }
  const inspection = isCuda
    ? inspectOnCards()
    : { ...about, statistics: countClip(checkpoint, shape), cuda: null }
  stdout.write(json ? asJson(inspectionAsJson(inspection)) : formatInspection(inspection))
}

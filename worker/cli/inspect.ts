import { type Command, Option } from 'commander'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip, TARGETS } from '../compiler/compile.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { printGraph } from '../compiler/graph/print-graph.ts'
import { addClipOptions, clipShapeOf } from './clip-options.ts'
import { type ClipShape, countClip } from './clip-statistics.ts'
import { formatInspection, inspectionAsJson } from './inspect-report.ts'
import type { Surroundings } from './surroundings.ts'

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
`

export const addInspectOptions = (command: Command): Command => {
  command
    .summary('count the work of a clip: parameters, FLOPs, memory')
    .description('Builds the graphs of a clip and prints what they take, or one graph as text.')
    .requiredOption('--checkpoint <dir>', 'Stable Video Diffusion as a diffusers folder; configs are enough')
    .option('--variant <name>', 'weight files of that name, such as fp16')
  return addClipOptions(command)
    .optionsGroup('Output:')
    .addOption(
      new Option('--graph <name>', 'print this graph, one line per node').choices(Object.keys(RECORD)),
    )
    .addOption(new Option('--json', 'one JSON object').conflicts('graph'))
    .addHelpText('after', NOTES)
}

export interface InspectOptions {
  readonly checkpoint: string
  readonly variant?: string
  readonly graph?: string
  readonly json?: true
}

/** Throws InvalidInputError. */
export const runInspect = async (
  options: InspectOptions,
  { stdout }: Pick<Surroundings, 'stdout'>,
): Promise<void> => {
  const { variant, graph, json } = options
  const checkpoint = await openCheckpoint(options.checkpoint, {
    weights: 'optional',
    ...(variant === undefined ? {} : { variant }),
  })
  const shape = clipShapeOf({ ...options }, checkpoint, TARGETS.cpu)
  const record = graph === undefined ? undefined : RECORD[graph]
  if (record !== undefined) {
    stdout.write(printGraph(record(compileClip(checkpoint, { ...shape, feedForwardChunks: 1 }), shape)))
    return
  }
  const inspection = {
    checkpoint: options.checkpoint,
    hasWeights: checkpoint.unet.tensors !== null,
    shape,
    statistics: countClip(checkpoint, shape),
  }
  stdout.write(
    json ? `${JSON.stringify(inspectionAsJson(inspection), null, 2)}\n` : formatInspection(inspection),
  )
}

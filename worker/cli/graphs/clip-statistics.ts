import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { type ClipGraphs, compileClip } from '../../compiler/compile.ts'
import { encodeModel, type LocateWeight } from '../../compiler/graph/encode-onnx.ts'
import type { Graph } from '../../compiler/graph/graph.ts'
import { type GraphStatistics, statisticsOf } from '../../compiler/graph/statistics.ts'
import { plainChunks } from '../../pipeline/decode-plan.ts'
import { type GraphWork, graphWorkOf } from '../../plan/graph-work.ts'

export interface ComponentCount {
  readonly parameters: number
  /** Without weights at hand: as float16. */
  readonly storedBytes: number
}

export interface GraphCount extends GraphStatistics {
  readonly name: string
  readonly runsPerClip: number
  /** The ONNX model without its weights. */
  readonly graphBytes: number
  /** Work of one run on a card. */
  readonly work: GraphWork
}

export interface ClipStatistics {
  readonly components: Readonly<Record<'unet' | 'vae' | 'image_encoder', ComponentCount>>
  readonly graphs: readonly GraphCount[]
  /** Recording and encoding every graph. */
  readonly buildSeconds: number
}

export const avoidedFlopsOf = ({ avoidedFlops }: GraphStatistics): number =>
  Object.values(avoidedFlops).reduce((total, flops) => total + flops, 0)

/** The reference's work for the same result. */
export const referenceFlopsOf = (graph: GraphStatistics): number => graph.flops + avoidedFlopsOf(graph)

interface PlannedGraph {
  readonly runsPerClip: number
  record(): Graph
}

const graphsOfClip = (graphs: ClipGraphs, shape: ClipShape): readonly PlannedGraph[] => {
  const chunkLengths = plainChunks(shape.numFrames, shape.decodeChunk).map(({ from, to }) => to - from)
  return [
    { runsPerClip: 1, record: graphs.imageEncoder },
    { runsPerClip: 1, record: graphs.vaeEncoder },
    { runsPerClip: 1, record: () => graphs.conditioning(shape.guidance ? 2 : 1) },
    { runsPerClip: 1, record: () => graphs.timeShifts(shape.steps) },
    { runsPerClip: shape.steps, record: graphs.denoiseStep },
    ...[...new Set(chunkLengths)].map((frames) => ({
      runsPerClip: chunkLengths.filter((length) => length === frames).length,
      record: () => graphs.vaeDecoder(frames),
    })),
  ]
}

/** Configs alone have no files; a name of usual length stands for them. */
const anyLocation: LocateWeight = ({ stored, offsetBytes }) => ({
  location: 'unet/diffusion_pytorch_model.safetensors',
  offsetBytes: (stored?.offsetBytes ?? 0) + offsetBytes,
})

/** Builds every graph of a clip, runs none, and counts. Throws InvalidInputError where weights and configs differ. */
export const countClip = (checkpoint: Checkpoint, shape: ClipShape): ClipStatistics => {
  const started = performance.now()
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
  const built = graphsOfClip(graphs, shape).map(({ runsPerClip, record }) => {
    const graph = record()
    return { graph, runsPerClip, graphBytes: encodeModel(graph, anyLocation).length }
  })
  const buildSeconds = (performance.now() - started) / 1000
  graphs.checkWeights()
  const { unet, vae, imageEncoder } = graphs.weights
  const count = (component: typeof unet): ComponentCount => ({
    parameters: component.parameterCount(),
    storedBytes: component.sizeBytes(),
  })
  return {
    components: { unet: count(unet), vae: count(vae), image_encoder: count(imageEncoder) },
    graphs: built.map(({ graph, runsPerClip, graphBytes }) => ({
      ...statisticsOf(graph),
      name: graph.name,
      runsPerClip,
      graphBytes,
      work: graphWorkOf(graph),
    })),
    buildSeconds,
  }
}

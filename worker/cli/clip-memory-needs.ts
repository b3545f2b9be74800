import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { statisticsOf } from '../compiler/graph/statistics.ts'
import { LOW_MEMORY_CHUNKS } from '../pipeline/render-clip.ts'
import type { MemoryNeeds } from '../plan/card-memory.ts'
import { graphWorkOf } from '../plan/graph-work.ts'
import type { ClipShape, ClipStatistics } from './clip-statistics.ts'

const mostOf = (bytes: readonly number[]): number => Math.max(...bytes)

/** 12, 6, 3, 1 for 25. */
const halved = (decodeChunk: number): readonly number[] => {
  const half = Math.floor(decodeChunk / 2)
  return half < 1 ? [] : [half, ...halved(half)]
}

const needOf = (graph: Graph): number =>
  graphWorkOf(graph).sessionWeightBytes + statisticsOf(graph).peakActivationBytes

/**
 * Counts the bytes that each way of rendering a clip takes on a card: weights, and activations alive at once. `graphs`
 * are those of the quick ways; the graphs of the sparing ways are built, and none is run.
 */
export const clipMemoryNeedsOf = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  { graphs }: ClipStatistics,
): MemoryNeeds => {
  const sparing = compileClip(checkpoint, { ...shape, feedForwardChunks: LOW_MEMORY_CHUNKS })
  const needs = graphs.map(({ name, work, peakActivationBytes }) => ({
    name,
    bytes: work.sessionWeightBytes + peakActivationBytes,
  }))
  const needsOf = (isWanted: (name: string) => boolean): readonly number[] =>
    needs.flatMap(({ name, bytes }) => (isWanted(name) ? [bytes] : []))
  const sparingStep = shape.guidance
    ? [sparing.predictionStep(), sparing.guidedEulerStep()]
    : [sparing.denoiseStep()]
  const sparingNetworks = [
    ...needsOf((name) => name !== 'denoise_step' && name !== 'vae_decoder'),
    ...sparingStep.map(needOf),
  ]
  return {
    // Sessions that stay keep what their activations took.
    resident: needs.reduce((total, { bytes }) => total + bytes, 0),
    offload: mostOf(needsOf(() => true)),
    lowVram: mostOf([...sparingNetworks, ...needsOf((name) => name === 'vae_decoder')]),
    smallerChunks: halved(shape.decodeChunk).map((decodeChunk) => ({
      decodeChunk,
      bytes: mostOf([...sparingNetworks, needOf(sparing.vaeDecoder(decodeChunk))]),
    })),
  }
}

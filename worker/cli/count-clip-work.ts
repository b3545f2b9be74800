import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { plainChunks } from '../pipeline/decode-plan.ts'
import { LOW_MEMORY_CHUNKS } from '../pipeline/render-clip.ts'
import type { MemoryNeeds } from '../plan/card-memory.ts'
import { type GraphWork, graphWorkOf, totalWork, type Work } from '../plan/graph-work.ts'
import type { ClipShape } from './clip-statistics.ts'

export interface ClipWork {
  /** Of one clip, all runs of all graphs. */
  readonly work: Work
  readonly memory: MemoryNeeds
  /** The checkpoint as float16, which is what workers fetch. */
  readonly modelBytes: number
}

const mostOf = (bytes: readonly number[]): number => Math.max(...bytes)
const needOf = ({ weightBytes, activationBytes }: GraphWork): number => weightBytes + activationBytes

/** 12, 6, 3, 1 for 25. */
const halved = (decodeChunk: number): readonly number[] => {
  const half = Math.floor(decodeChunk / 2)
  return half < 1 ? [] : [half, ...halved(half)]
}

/** Builds every graph of a clip, for each way of rendering it, and runs none. */
export const countClipWork = (checkpoint: Checkpoint, shape: ClipShape): ClipWork => {
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
  const sparing = compileClip(checkpoint, { ...shape, feedForwardChunks: LOW_MEMORY_CHUNKS })
  const decoder = (frames: number): GraphWork => graphWorkOf(graphs.vaeDecoder(frames))

  const once = [
    graphs.imageEncoder(),
    graphs.vaeEncoder(),
    graphs.conditioning(shape.guidance ? 2 : 1),
    graphs.timeShifts(shape.steps),
  ].map(graphWorkOf)
  const step = graphWorkOf(graphs.denoiseStep())
  const chunks = plainChunks(shape.numFrames, shape.decodeChunk).map(({ from, to }) => to - from)
  const decoders = [...new Set(chunks)].map((frames) => ({
    work: decoder(frames),
    runsPerClip: chunks.filter((length) => length === frames).length,
  }))

  const all = [...once, step, ...decoders.map(({ work }) => work)]
  const sparingStep = shape.guidance
    ? [graphWorkOf(sparing.predictionStep()), graphWorkOf(sparing.guidedEulerStep())]
    : [graphWorkOf(sparing.denoiseStep())]
  const sparingNetworks = [...once, ...sparingStep].map(needOf)
  const largestDecoder = mostOf(decoders.map(({ work }) => needOf(work)))

  const { unet, vae, imageEncoder } = graphs.weights
  const modelBytes = [unet, vae, imageEncoder].reduce((total, part) => total + 2 * part.parameterCount(), 0)
  return {
    work: totalWork([
      ...once.map((work) => ({ work, runsPerClip: 1 })),
      { work: step, runsPerClip: shape.steps },
      ...decoders,
    ]),
    memory: {
      // Sessions that stay keep what their activations took.
      resident: modelBytes + all.reduce((total, { activationBytes }) => total + activationBytes, 0),
      offload: mostOf(all.map(needOf)),
      lowVram: mostOf([...sparingNetworks, largestDecoder]),
      smallerChunks: halved(shape.decodeChunk).map((decodeChunk) => ({
        decodeChunk,
        bytes: mostOf([...sparingNetworks, needOf(decoder(decodeChunk))]),
      })),
    },
    modelBytes,
  }
}

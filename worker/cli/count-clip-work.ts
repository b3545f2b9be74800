import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { cudaTarget } from '../compiler/targets/cuda/cuda.ts'
import { oneTarget } from '../compiler/targets/target.ts'
import { cudaDeviceMemory } from '../engine/memory/device-memory.ts'
import { planClipMemory, predictClip } from '../engine/memory/plan-clip-memory.ts'
import { clipNetworksOf } from '../pipeline/clip-graphs.ts'
import { plainChunks } from '../pipeline/decode-plan.ts'
import type { PlanOnCard } from '../plan/card-memory.ts'
import { type GraphWork, graphWorkOf, totalWork, type Work } from '../plan/graph-work.ts'
import type { ClipShape } from './clip-statistics.ts'

export interface ClipWork {
  /** Of one clip, all runs of all graphs. */
  readonly work: Work
  readonly planOnCard: PlanOnCard
  readonly decodeChunk: number
  /** The checkpoint as float16, which is what workers fetch. */
  readonly modelBytes: number
}

/** T4's: its attention kernels take more memory than those of later cards. */
const COMPUTE_CAPABILITY = 75

/** On a card, with the graphs that run there in float16. */
const cardPlanner = (checkpoint: Checkpoint, shape: ClipShape): PlanOnCard => {
  const { width, height, numFrames, decodeChunk } = shape
  const clip = clipNetworksOf(checkpoint, { ...shape, targets: oneTarget(cudaTarget('float16')) })
  const { memoryOf } = cudaDeviceMemory({ computeCapability: COMPUTE_CAPABILITY }, 0)
  const predicted = predictClip(memoryOf, clip(shape))
  return (cardBytes) =>
    planClipMemory(
      {
        ...{ width, height, numFrames, memory: 'auto', keepWarm: true, clip },
        decodeChunk: decodeChunk === numFrames ? null : decodeChunk,
        device: cudaDeviceMemory({ computeCapability: COMPUTE_CAPABILITY }, cardBytes),
      },
      { predicted, findsNearest: false },
    )
}

/** Builds every graph of a clip, and runs none. */
export const countClipWork = (checkpoint: Checkpoint, shape: ClipShape): ClipWork => {
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
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

  const { unet, vae, imageEncoder } = graphs.weights
  const modelBytes = [unet, vae, imageEncoder].reduce((total, part) => total + 2 * part.parameterCount(), 0)
  return {
    work: totalWork([
      ...once.map((work) => ({ work, runsPerClip: 1 })),
      { work: step, runsPerClip: shape.steps },
      ...decoders,
    ]),
    planOnCard: cardPlanner(checkpoint, shape),
    decodeChunk: shape.decodeChunk,
    modelBytes,
  }
}

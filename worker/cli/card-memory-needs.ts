import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { CudaCard } from '../engine/memory/cuda-memory.ts'
import { cudaDeviceMemory } from '../engine/memory/device-memory.ts'
import {
  type DoesNotFit,
  type FittingPlan,
  planClipMemory,
  predictClip,
} from '../engine/memory/plan-clip-memory.ts'
import type { MemoryPlan } from '../engine/memory-mode.ts'
import { clipNetworksOf } from '../pipeline/clip-graphs.ts'
import type { PlanOnCard } from '../plan/card-memory.ts'
import type { ClipShape } from './clip-statistics.ts'

/** Bytes on a card, with the context of CUDA, by the way that a clip is rendered. */
export interface MemoryNeeds {
  readonly resident: number
  readonly offload: number
  readonly lowVram: number
  /** `low-vram` with ever fewer frames decoded at once. */
  readonly smallerChunks: readonly { readonly decodeChunk: number; readonly bytes: number }[]
}

export interface ClipMemoryOnCards {
  readonly needs: MemoryNeeds
  readonly planOnCard: PlanOnCard
}

/** 12, 6, 3, 1 for 25. */
const halved = (decodeChunk: number): readonly number[] => {
  const half = Math.floor(decodeChunk / 2)
  return half < 1 ? [] : [half, ...halved(half)]
}

/** Predicts what a clip takes on a card. Builds graphs, and runs none; the shape's targets are those of CUDA. */
export const predictClipMemory = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  card: CudaCard,
): ClipMemoryOnCards => {
  const { width, height, numFrames, decodeChunk: askedChunk } = shape
  const clip = clipNetworksOf(checkpoint, shape)
  const predicted = predictClip(cudaDeviceMemory(card, 0).memoryOf, clip(shape))
  const planFor = (
    memory: 'auto' | MemoryPlan,
    decodeChunk: number | null,
    cardBytes: number,
  ): FittingPlan | DoesNotFit =>
    planClipMemory(
      {
        ...{ width, height, numFrames, memory, keepWarm: true, decodeChunk, clip },
        device: cudaDeviceMemory(card, cardBytes),
      },
      { predicted, findsNearest: false },
    )
  const need = (memory: MemoryPlan, decodeChunk: number): number =>
    planFor(memory, decodeChunk, Number.POSITIVE_INFINITY).needBytes
  return {
    needs: {
      resident: need('resident', askedChunk),
      offload: need('offload', askedChunk),
      lowVram: need('low-vram', askedChunk),
      smallerChunks: halved(askedChunk).map((decodeChunk) => ({
        decodeChunk,
        bytes: need('low-vram', decodeChunk),
      })),
    },
    planOnCard: (cardBytes) => planFor('auto', askedChunk === numFrames ? null : askedChunk, cardBytes),
  }
}

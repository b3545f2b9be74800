import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { cudaTargets } from '../../compiler/targets/clip-targets.ts'
import { predictClip } from '../../engine/memory/clip-prediction.ts'
import type { CudaCard } from '../../engine/memory/cuda-memory.ts'
import { cudaDeviceMemory, cudaHostSupply } from '../../engine/memory/device-memory.ts'
import { type DoesNotFit, type FittingPlan, planClipMemory } from '../../engine/memory/plan-clip-memory.ts'
import type { MemoryPlan } from '../../engine/memory-mode.ts'
import { clipNetworksOf } from '../../pipeline/clip-graphs.ts'
import { imageMemoryBytes, TYPICAL_IMAGE_SIZE } from '../../pipeline/image/image-memory.ts'
import type { PlanOnCard } from '../../plan/card-memory.ts'

/** Bytes on a card, with the context of CUDA, by the way that a clip is rendered. */
export interface MemoryNeeds {
  readonly resident: number
  readonly offload: number
  readonly lowVram: number
  /** `low-vram` with ever fewer frames decoded at once. */
  readonly smallerChunks: readonly { readonly decodeChunk: number; readonly bytes: number }[]
  /** Decoding a chunk that overflows once more in float32, as a whole; `null` where the decoder is float32. */
  readonly exactDecode: number | null
  /** Bytes of the host's memory, with what a photo takes. */
  readonly host: { readonly resident: number; readonly offload: number; readonly lowVram: number }
}

export interface ClipMemoryOnCards {
  readonly needs: MemoryNeeds
  readonly planOnCard: PlanOnCard
}

/** 13, 7, 4, 2, 1 for 25: chunks of about one length, as `auto` cuts the frames. */
const halved = (decodeChunk: number): readonly number[] => {
  if (decodeChunk === 1) return []
  const half = Math.ceil(decodeChunk / 2)
  return [half, ...halved(half)]
}

/** Predicts what a clip takes on a card. Builds graphs, and runs none; the shape's targets are those of CUDA. */
export const predictClipMemory = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  card: CudaCard,
): ClipMemoryOnCards => {
  const { width, height, numFrames, decodeChunk: askedChunk } = shape
  const { forceUpcast } = checkpoint.vae.config
  const isHalf = shape.targets.vaeDecoder.dtype === 'float16'
  const clip = clipNetworksOf(checkpoint, {
    ...shape,
    exactTargets: isHalf ? cudaTargets({ precision: 'fp32', forceUpcast }) : null,
  })
  const predicted = predictClip(cudaDeviceMemory(card, 0).memoryOf, clip(shape))
  const planFor = (
    memory: 'auto' | MemoryPlan,
    decodeChunk: number | null,
    cardBytes: number,
    hostBytes: number,
  ): FittingPlan | DoesNotFit =>
    planClipMemory(
      {
        ...{ width, height, numFrames, memory, keepWarm: true, decodeChunk, clip },
        device: cudaDeviceMemory(card, cardBytes, {
          host: cudaHostSupply(hostBytes, imageMemoryBytes(TYPICAL_IMAGE_SIZE, shape)),
        }),
      },
      { predicted, findsNearest: false },
    )
  const planFully = (memory: MemoryPlan, decodeChunk = askedChunk): FittingPlan => {
    const plan = planFor(memory, decodeChunk, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    if (!plan.fits) throw new Error(`${plan.graph} does not fit into endless memory`)
    return plan
  }
  const need = (memory: MemoryPlan, decodeChunk?: number): number => planFully(memory, decodeChunk).needBytes
  const hostNeed = (memory: MemoryPlan): number => planFully(memory).host?.needBytes ?? 0
  return {
    needs: {
      resident: need('resident'),
      offload: need('offload'),
      lowVram: need('low-vram'),
      smallerChunks: halved(askedChunk).map((decodeChunk) => ({
        decodeChunk,
        bytes: need('low-vram', decodeChunk),
      })),
      exactDecode: planFully('offload').exact?.().needBytes ?? null,
      host: {
        resident: hostNeed('resident'),
        offload: hostNeed('offload'),
        lowVram: hostNeed('low-vram'),
      },
    },
    planOnCard: (cardBytes, hostBytes) =>
      planFor('auto', askedChunk === numFrames ? null : askedChunk, cardBytes, hostBytes),
  }
}

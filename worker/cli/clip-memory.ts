import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { type MemoryNeed, memoryNeedOf, OFFLOAD_SHARE } from '../engine/memory-mode.ts'
import { LOW_MEMORY_CHUNKS } from '../pipeline/render-clip.ts'
import type { ClipShape } from './clip-statistics.ts'

/** What a clip takes at its hungriest, and the way of rendering it that fits the memory there is. */
export interface ClipMemory {
  /** One network at a time, as `--memory offload`. */
  readonly offload: MemoryNeed
  /** As `--memory low-vram`. */
  readonly lowVram: MemoryNeed
  /** The first of these that fits; `decode-chunk`: low-vram with fewer frames decoded at once; null: none. */
  readonly fits: 'offload' | 'low-vram' | { readonly decodeChunk: number } | null
}

/** Everything but the decoder. */
const networksFor = (checkpoint: Checkpoint, shape: ClipShape, lowMemory: boolean): readonly Graph[] => {
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: lowMemory ? LOW_MEMORY_CHUNKS : 1 })
  const apart = shape.guidance && lowMemory
  return [
    graphs.imageEncoder(),
    graphs.vaeEncoder(),
    graphs.conditioning(shape.guidance && !apart ? 2 : 1),
    graphs.timeShifts(shape.steps),
    ...(apart ? [graphs.predictionStep(), graphs.guidedEulerStep()] : [graphs.denoiseStep()]),
  ]
}

/** Builds every graph of a clip, and runs none. */
export const clipMemoryOf = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  availableBytes: number,
): ClipMemory => {
  const { vaeDecoder } = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
  const sparing = networksFor(checkpoint, shape, true)
  const offload = memoryNeedOf([...networksFor(checkpoint, shape, false), vaeDecoder(shape.decodeChunk)])
  const lowVram = memoryNeedOf([...sparing, vaeDecoder(shape.decodeChunk)])
  const hasRoom = ({ bytes }: MemoryNeed): boolean => bytes <= OFFLOAD_SHARE * availableBytes

  const smallerChunk = (): ClipMemory['fits'] => {
    if (!hasRoom(memoryNeedOf(sparing))) return null
    for (let decodeChunk = Math.floor(shape.decodeChunk / 2); decodeChunk >= 1; decodeChunk >>= 1) {
      if (hasRoom(memoryNeedOf([vaeDecoder(decodeChunk)]))) return { decodeChunk }
    }
    return null
  }

  return {
    offload,
    lowVram,
    fits: hasRoom(offload) ? 'offload' : hasRoom(lowVram) ? 'low-vram' : smallerChunk(),
  }
}

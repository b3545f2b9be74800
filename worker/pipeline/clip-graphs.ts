import { type CompileClip, type CompilerInput, clipCompiler } from '../compiler/compile.ts'
import type { Targets } from '../compiler/targets/target.ts'
import type { PlannableGraphs } from '../engine/memory/clip-prediction.ts'
import type { ClipSize } from '../engine/memory/plan-clip-memory.ts'
import { exactDecoderGraph } from './clip-networks.ts'
import { LOW_MEMORY_CHUNKS } from './render-clip.ts'

export interface ClipKind {
  readonly guidance: boolean
  readonly steps: number
  readonly targets: Targets
  /** Targets of the decoder for chunks that overflow; default `null`, because `targets` are float32 already. */
  readonly exactTargets?: Targets | null
  /** Compiler of the checkpoint; by default, a new one. */
  readonly compile?: CompileClip
}

/** The graphs that a clip's rendering runs, by its size; each is recorded when asked for. */
export const clipNetworksOf =
  (
    checkpoint: CompilerInput,
    { guidance, steps, targets, exactTargets = null, compile = clipCompiler(checkpoint) }: ClipKind,
  ) =>
  ({ width, height, numFrames }: ClipSize): PlannableGraphs => {
    const options = { width, height, numFrames, guidance, targets }
    const plain = compile({ ...options, feedForwardChunks: 1 })
    const exact =
      exactTargets === null ? null : compile({ ...options, targets: exactTargets, feedForwardChunks: 1 })
    return {
      decoder: (frames) => plain.vaeDecoder(frames, 'rgb'),
      exactDecoder: exact === null ? null : (frames) => exactDecoderGraph(exact.vaeDecoder(frames, 'rgb')),
      networks(lowMemory) {
        const graphs = lowMemory ? compile({ ...options, feedForwardChunks: LOW_MEMORY_CHUNKS }) : plain
        const isApart = guidance && lowMemory
        return [
          graphs.imageEncoder(),
          graphs.vaeEncoder(),
          graphs.conditioning(guidance && !isApart ? 2 : 1),
          graphs.timeShifts(steps),
          isApart ? [graphs.predictionStep(), graphs.guidedEulerStep()] : graphs.denoiseStep(),
        ]
      },
    }
  }

import { once } from '../../shared/once.ts'
import type { ClipVisionConfig } from '../checkpoint/clip-vision-config.ts'
import type { StoredTensor } from '../checkpoint/stored-tensors.ts'
import type { UNetConfig } from '../checkpoint/unet-config.ts'
import type { VaeConfig } from '../checkpoint/vae-config.ts'
import { createGraph, type Graph } from './graph/graph.ts'
import { withoutUnused } from './graph/without-unused.ts'
import type { Scope } from './layers/scope.ts'
import {
  recordConditioningGraph,
  recordDenoiseStep,
  recordGuidedEulerStep,
  recordPredictionStep,
  recordTimeShifts,
} from './networks/denoise-step.ts'
import { recordImageEncoder } from './networks/image-encoder.ts'
import { recordPlainUNet } from './networks/plain-unet.ts'
import { type DecoderOutput, recordVaeDecoder } from './networks/vae-decoder.ts'
import { recordVaeEncoder } from './networks/vae-encoder.ts'
import type { Target, Targets } from './targets/target.ts'
import { type ComponentWeights, openWeights } from './weights/weights.ts'

interface Part<Config> {
  readonly config: Config
  /** Tensors of the checkpoint; `null` for configs alone, whose graphs can be counted and printed, not run. */
  readonly tensors: ReadonlyMap<string, StoredTensor> | null
}

/** Parts of a checkpoint that the compiler reads. */
export interface CompilerInput {
  readonly unet: Part<UNetConfig>
  readonly vae: Part<VaeConfig>
  readonly imageEncoder: Part<ClipVisionConfig>
}

export interface CompilerOptions {
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly numFrames: number
  /** Whether a step has two passes and takes their difference; `false` if max_guidance_scale is at most 1. */
  readonly guidance: boolean
  readonly targets: Targets
  /** Count of chunks in which feed-forward layers process their rows. */
  readonly feedForwardChunks: number
}

/** Every graph of a clip, each recorded when asked for, and once. Sizes are those of the options. */
export interface ClipGraphs {
  imageEncoder(): Graph
  vaeEncoder(): Graph
  /** Inputs of the steps that depend on the image, for both passes (2) or for one of them (1). */
  conditioning(clips: 1 | 2): Graph
  /** Inputs of the steps that depend on the time embedding, for all steps at once. */
  timeShifts(steps: number): Graph
  /** Both passes, guidance and Euler step; without guidance the single pass. */
  denoiseStep(): Graph
  /** One pass alone. */
  predictionStep(): Graph
  guidedEulerStep(): Graph
  /** The UNet with the reference's signature. */
  plainUnet(clips: number): Graph
  /** Frames leave as `float` unless `output` asks for bytes. */
  vaeDecoder(frames: number, output?: DecoderOutput): Graph
  /** Asks for every tensor once, and throws InvalidInputError if the checkpoint lacks one or holds others. */
  checkWeights(): void
  readonly weights: {
    readonly unet: ComponentWeights
    readonly vae: ComponentWeights
    readonly imageEncoder: ComponentWeights
  }
}

/** Buffers that older transformers versions saved beside the weights. */
const isBuffer = (key: string): boolean => key.endsWith('.position_ids')

/** Pixels per latent of a VAE: every level but the last halves the size. */
export const vaeScaleFactor = (config: VaeConfig): number => 2 ** (config.blockOutChannels.length - 1)

export const compileClip = (input: CompilerInput, options: CompilerOptions): ClipGraphs => {
  const { unet, vae, imageEncoder } = input
  const { targets } = options
  const scale = vaeScaleFactor(vae.config)
  const latents = { height: options.height / scale, width: options.width / scale }
  const clip = { frames: options.numFrames, ...latents }
  const chunks = { feedForwardChunks: options.feedForwardChunks }
  const weights = {
    unet: openWeights('unet', unet.tensors),
    vae: openWeights('vae', vae.tensors),
    imageEncoder: openWeights('image_encoder', imageEncoder.tensors),
  }

  const record = (
    name: string,
    component: ComponentWeights,
    target: Target,
    fill: (scope: Scope) => void,
  ): Graph => {
    const g = createGraph(name)
    fill({ g, target, w: component.root })
    return withoutUnused(g)
  }
  const recordUnet = (name: string, fill: (scope: Scope) => void): Graph =>
    record(name, weights.unet, targets.unet, fill)

  const vaeDecoder = once((output: DecoderOutput) =>
    once((frames: number) =>
      record('vae_decoder', weights.vae, targets.vaeDecoder, (scope) =>
        recordVaeDecoder(scope, vae.config, { frames, ...latents, output }),
      ),
    ),
  )

  const graphs: ClipGraphs = {
    weights,
    imageEncoder: once(() =>
      record('image_encoder', weights.imageEncoder, targets.imageEncoder, (scope) =>
        recordImageEncoder(scope, imageEncoder.config),
      ),
    ),
    vaeEncoder: once(() =>
      record('vae_encoder', weights.vae, targets.vaeEncoder, (scope) =>
        recordVaeEncoder(scope, vae.config, options),
      ),
    ),
    conditioning: once((clips) =>
      recordUnet('conditioning', (scope) =>
        recordConditioningGraph(scope, unet.config, { ...clip, ...chunks, clips }),
      ),
    ),
    timeShifts: once((steps) =>
      recordUnet('time_shifts', (scope) => recordTimeShifts(scope, unet.config, steps)),
    ),
    denoiseStep: once(() =>
      recordUnet('denoise_step', (scope) =>
        recordDenoiseStep(scope, unet.config, { ...clip, ...chunks, clips: options.guidance ? 2 : 1 }),
      ),
    ),
    predictionStep: once(() =>
      recordUnet('prediction_step', (scope) =>
        recordPredictionStep(scope, unet.config, { ...clip, ...chunks, clips: 1 }),
      ),
    ),
    guidedEulerStep: once(() =>
      recordUnet('guided_euler_step', ({ g }) => recordGuidedEulerStep(g, unet.config, clip)),
    ),
    plainUnet: once((clips) =>
      recordUnet('unet', (scope) => recordPlainUNet(scope, unet.config, { ...clip, ...chunks, clips })),
    ),
    vaeDecoder: (frames, output = 'float') => vaeDecoder(output)(frames),
    checkWeights() {
      // Graphs that were recorded before have asked already, and each graph that is recorded is kept.
      if (weights.imageEncoder.hasMore(isBuffer)) graphs.imageEncoder()
      if (weights.vae.hasMore(isBuffer)) {
        graphs.vaeEncoder()
        graphs.vaeDecoder(1)
      }
      if (weights.unet.hasMore(isBuffer)) {
        graphs.conditioning(1)
        graphs.timeShifts(1)
        graphs.denoiseStep()
      }
      for (const component of Object.values(weights)) component.assertNoneLeft(isBuffer)
    },
  }
  return graphs
}

/** Compiles clips of one checkpoint. */
export type CompileClip = (options: CompilerOptions) => ClipGraphs

/**
 * Compiles each clip once, so that the planner and the renderer of a clip share its graphs. Targets of one name count as
 * the same.
 */
export const clipCompiler = (input: CompilerInput): CompileClip => {
  const compiled = new Map<string, ClipGraphs>()
  return (options) => {
    const key = JSON.stringify({ ...options, targets: options.targets.name })
    const graphs = compiled.get(key) ?? compileClip(input, options)
    compiled.set(key, graphs)
    return graphs
  }
}

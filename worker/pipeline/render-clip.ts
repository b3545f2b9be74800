import {
  decodeChunkOf,
  type RenderParameters,
  usesGuidance,
} from '../../shared/contracts/render-parameters.ts'
import { elementCount } from '../checkpoint/element-count.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import { type CompileClip, clipCompiler, vaeScaleFactor } from '../compiler/compile.ts'
import type { Precision } from '../compiler/targets/clip-targets.ts'
import type { Targets } from '../compiler/targets/target.ts'
import type { SessionPool } from '../engine/session-pool.ts'
import type { Tensor } from '../engine/tensor.ts'
import { openClipNetworks } from './clip-networks.ts'
import { type ClipImages, conditionClip } from './condition-clip.ts'
import { decodeFrames } from './decode.ts'
import { denoise } from './denoise.ts'
import { drawFirstLatents } from './first-latents.ts'
import type { RgbFrame } from './image/frames.ts'
import type { Progress } from './progress.ts'
import { createTorchGenerator } from './random/torch-generator.ts'
import { ALIGN_YOUR_STEPS_SIGMAS } from './scheduler/align-your-steps.ts'
import { createSchedule, type Schedule } from './scheduler/euler-discrete.ts'
import { guidanceRamp } from './scheduler/guidance-ramp.ts'

export interface RenderOptions {
  readonly checkpoint: Checkpoint
  /** Compiler of the checkpoint, with the graphs by which the clip was planned; by default, a new one. */
  readonly compile?: CompileClip
  readonly pool: SessionPool
  readonly targets: Targets
  /** Targets that decode a chunk again if it overflows; default `null`, because `targets` are float32 already. */
  readonly exactTargets?: Targets | null
  /** Most frames that these decode at once, called if a chunk overflows; `null` if not one fits. Default: all. */
  readonly exactChunkSize?: () => number | null
  /** Guidance's passes one after the other, feed-forward layers in pieces: less memory, the same numbers. */
  readonly lowMemory: boolean
  /** The precision of the reference's pipeline that noise and conditions follow; the target has its own. */
  readonly precision: Precision
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
}

export interface PhaseSeconds {
  load: number
  encodeImage: number
  denoise: number
  decode: number
}

export interface RenderedClip {
  readonly steps: number
  readonly seconds: PhaseSeconds
  /** Clean latents of every video, [videos·F, 4, h, w]. */
  readonly latents: Tensor
  /** Count of chunks so far that were decoded once more in float32. */
  decodeFallbacks(): number
  /** Decoded frames of all videos in order; decoding runs as they are taken. */
  frames(): AsyncGenerator<RgbFrame>
}

/** Count of chunks in which feed-forward layers process their rows in low-memory mode. */
export const LOW_MEMORY_CHUNKS = 8

const scheduleOf = (checkpoint: Checkpoint, { sigmas, numInferenceSteps }: RenderParameters): Schedule => {
  const config = checkpoint.scheduler
  if (sigmas === null) return createSchedule({ config, numInferenceSteps })
  return createSchedule({ config, sigmas: sigmas === 'align-your-steps' ? ALIGN_YOUR_STEPS_SIGMAS : sigmas })
}

/**
 * The reference's StableVideoDiffusionPipeline.__call__ on one image. Draws of the seed's generator, in order:
 *
 *     1  noise on the image   3·H·W, float32; also at strength 0
 *     2  first latents        videos·F·4·h·w, float32 or half by `precision`; times initNoiseSigma
 *
 * Whatever the precision, latents, guidance and the Euler step are float32, unlike in the reference's float16
 * pipeline: {@link Precision} has the whole comparison.
 */
export const renderClip = async (
  images: ClipImages,
  parameters: RenderParameters,
  {
    checkpoint,
    compile = clipCompiler(checkpoint),
    pool,
    targets,
    exactTargets = null,
    exactChunkSize,
    lowMemory,
    precision,
    signal,
    ...options
  }: RenderOptions,
): Promise<RenderedClip> => {
  let latest: Progress = { phase: 'load', step: 0, steps: 1 }
  const onProgress = (progress: Progress): void => {
    latest = progress
    options.onProgress(progress)
  }
  const seconds: PhaseSeconds = { load: 0, encodeImage: 0, denoise: 0, decode: 0 }
  const timed = async <T>(phase: Exclude<keyof PhaseSeconds, 'load'>, work: () => Promise<T>): Promise<T> => {
    const loadedBefore = seconds.load
    const started = performance.now()
    const result = await work()
    seconds[phase] += (performance.now() - started) / 1000 - (seconds.load - loadedBefore)
    return result
  }

  const schedule = scheduleOf(checkpoint, parameters)
  const { numFrames, numVideosPerPrompt, width, height } = parameters
  const generator = createTorchGenerator(parameters.seed)
  onProgress(latest)
  const networks = await openClipNetworks(parameters, {
    checkpoint,
    compile,
    pool,
    targets,
    exactTargets,
    feedForwardChunks: lowMemory ? LOW_MEMORY_CHUNKS : 1,
    onLoaded: (more) => {
      seconds.load += more
    },
    onFirstRun: () => options.onProgress({ ...latest, firstRun: true }),
  })
  onProgress({ phase: 'encode-image', step: 0, steps: 1 })
  const conditioning = await timed('encodeImage', () =>
    conditionClip(images, parameters, {
      checkpoint,
      networks,
      timesteps: schedule.timesteps,
      generator,
      apart: lowMemory,
      precision,
      signal,
    }),
  )
  onProgress({ phase: 'encode-image', step: 1, steps: 1 })

  const scale = vaeScaleFactor(checkpoint.vae.config)
  const shape = [numFrames, checkpoint.unet.config.outChannels, height / scale, width / scale]
  const perVideo = elementCount(shape)
  const { initNoiseSigma } = schedule
  const noise = drawFirstLatents(generator, numVideosPerPrompt * perVideo, { initNoiseSigma, precision })
  const clean = new Float32Array(noise.length)
  const steps = schedule.timesteps.length
  const guidanceScale = usesGuidance(parameters)
    ? guidanceRamp(parameters.minGuidanceScale, parameters.maxGuidanceScale, numFrames)
    : null
  for (let video = 0; video < numVideosPerPrompt; video++) {
    const start = { data: noise.slice(video * perVideo, (video + 1) * perVideo), shape }
    const report = (step: number): void =>
      onProgress({ phase: 'denoise', step: video * steps + step, steps: numVideosPerPrompt * steps })
    report(0)
    const denoised = await timed('denoise', () =>
      denoise(start, { networks, conditioning, schedule, guidanceScale, onStep: report, signal }),
    )
    clean.set(denoised.data, video * perVideo)
  }

  const latents: Tensor = { data: clean, shape: [numVideosPerPrompt * numFrames, ...shape.slice(1)] }
  let decodeFallbacks = 0
  return {
    steps,
    seconds,
    latents,
    decodeFallbacks: () => decodeFallbacks,
    async *frames() {
      const decoding = decodeFrames(latents, {
        networks,
        chunkSize: decodeChunkOf(parameters),
        overlap: parameters.decodeOverlap,
        ...(exactChunkSize !== undefined && { exactChunkSize }),
        onChunk: (step, chunks) => onProgress({ phase: 'decode', step, steps: chunks }),
        onFallback() {
          decodeFallbacks++
        },
        signal,
      })
      while (true) {
        const next = await timed('decode', () => decoding.next())
        if (next.done) return
        yield next.value
      }
    },
  }
}

import path from 'node:path'
import { type ClipFormat, DEFAULT_FORMATS } from '../../shared/contracts/clip-format.ts'
import { clipRecordFileOf } from '../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { parseRenderArguments } from '../../shared/contracts/render-arguments.ts'
import {
  decodeChunkOf,
  type RenderParameters,
  resolveParameters,
  stepsOf,
  usesGuidance,
} from '../../shared/contracts/render-parameters.ts'
import { assertNewFolder } from '../../shared/files/new-folder.ts'
import { type Checkpoint, openCheckpoint as readCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { assertImagesReadable } from '../client/convert/input-images.ts'
import { hashedOnDemand, makerOf } from '../clips/clip-facts.ts'
import { clipParameters } from '../clips/clip-parameters.ts'
import { openImageSource } from '../clips/image-source.ts'
import { checkOutputFolders, makeOutputFolders } from '../clips/output-folders.ts'
import { planOutputs, videoNameFault } from '../clips/outputs.ts'
import { renderImages } from '../clips/render-images.ts'
import { vaeScaleFactor } from '../compiler/compile.ts'
import type { Precision, TargetName } from '../compiler/targets/clip-targets.ts'
import { chooseClipDevice } from '../device/clip-device.ts'
import { machineProbes } from '../device/machine-probes.ts'
import { readOwnVersion } from '../engine/versions.ts'
import { weightCacheDir } from '../engine/weight-cache-dir.ts'
import { targetsOf } from '../export/targets-of.ts'
import { writeGraphs } from '../export/write-graphs.ts'
import type { Progress } from '../pipeline/progress.ts'
import { openClipRenderer } from '../renderer/open-clip-renderer.ts'
import { prepareImage } from '../renderer/prepare-image.ts'
import type { MemoryMode } from '../renderer/render-job.ts'
import { findFfmpeg } from '../video/ffmpeg-path.ts'
import { finishClip } from '../video/finish-clip.ts'
import { assertFfmpegEncodes } from '../video/probe-ffmpeg.ts'
import { withApiNames } from './api-names.ts'
import type { ClipArguments } from './arguments.ts'

/*
 * `import { openCheckpoint } from 'svd-batch'`: a checkpoint on this machine, which renders clips and is compiled.
 */

export interface CheckpointOptions {
  /** Weight files of that name, such as `fp16`. */
  readonly variant?: string
  /** `auto`, `cpu`, `cuda` or `cuda:N`; default: `SVD_DEVICE`, else `auto`. */
  readonly device?: string
  /** Precision of the networks; default `fp16` on a card. The CPU has `fp32` alone. */
  readonly precision?: Precision
  /** Mode that sets how much of the model is in memory at once; default `auto`. */
  readonly memory?: MemoryMode
  /** Threads of one network; default: one per physical core. */
  readonly threads?: number
  /** Folder for prepared weights, `null`: none are kept; default as for the command `svd`. */
  readonly cacheDir?: string | null
}

export interface RenderClipOptions extends ClipArguments {
  /**
   * The video's file, which ends in `.mp4`, or as one of the formats does: `.webm`, `.gif`, `.mov` or `.zip`. The files of
   * other formats and the poster are written beside it.
   */
  readonly output: string
  /** Called when a phase begins, and after each of its steps. */
  readonly onProgress?: (progress: Progress) => void
  /** Stops the render; the call then rejects with its reason. */
  readonly signal?: AbortSignal
}

export interface ClipFile {
  /** File of the first format. */
  readonly video: string
  /** Files of all formats. */
  readonly files: readonly { readonly format: ClipFormat; readonly path: string }[]
  readonly poster: string
  /** Record of how the clip was made, `NAME.json`; `null` with `metadata: false`. */
  readonly record: string | null
}

export interface Clip {
  /** One for each of `num_videos_per_prompt`. */
  readonly videos: readonly ClipFile[]
  readonly parameters: RenderParameters
  /** Warnings of a look that is likely to be bad, each with the fix. */
  readonly warnings: readonly string[]
  /** The work's duration in seconds. */
  readonly seconds: number
}

export interface CompileGraphsOptions
  extends Pick<
    ClipArguments,
    'width' | 'height' | 'num_frames' | 'num_inference_steps' | 'decode_chunk_size' | 'max_guidance_scale'
  > {
  /** A new folder. */
  readonly output: string
  /** Provider that runs the graphs; default `cpu`. */
  readonly target?: TargetName
  readonly precision?: Precision
  readonly signal?: AbortSignal
}

export interface OpenedCheckpoint extends AsyncDisposable {
  /**
   * Renders an image to an MP4, or to the formats given. Clips are rendered one after the other. Throws
   * `InvalidInputError` if the image, an argument or the output cannot be used, or if the clip does not fit the memory.
   */
  render(image: string, options: RenderClipOptions): Promise<Clip>
  /** Writes the networks as ONNX files of one clip's shape. Returns the files. */
  compile(options: CompileGraphsOptions): Promise<readonly string[]>
}

const parametersFrom = (checkpoint: Checkpoint, given: ClipArguments): RenderParameters =>
  resolveParameters(parseRenderArguments({ ...given }), checkpoint.defaults, {
    vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config),
  })

/**
 * Opens a checkpoint, which is a folder as diffusers saves it, on a device of this machine. Networks run in a process of
 * their own, which ends when the checkpoint is disposed of.
 *
 *     import { openCheckpoint } from 'svd-batch'
 *
 *     const checkpoint = await openCheckpoint('svd-xt', { variant: 'fp16' })
 *     const { videos } = await checkpoint.render('photo.jpg', {
 *       output: 'photo.mp4',
 *       motion_bucket_id: 90,
 *       onProgress: ({ phase, step, steps }) => console.log(`${phase} ${step}/${steps}`),
 *     })
 *     await checkpoint.compile({ output: 'svd-xt-onnx' })
 *     await checkpoint[Symbol.asyncDispose]()
 *
 * Throws `InvalidInputError` for a folder that is not a checkpoint, and for a device that cannot be used.
 */
export const openCheckpoint = async (
  dir: string,
  { variant, cacheDir, threads = 0, memory = 'auto', ...deviceOptions }: CheckpointOptions = {},
): Promise<OpenedCheckpoint> => {
  const environment = process.env
  const checkpoint = await readCheckpoint(dir, variant === undefined ? {} : { variant })
  const deviceProbes = machineProbes(environment)
  const device = await withApiNames(() => chooseClipDevice(deviceOptions, { environment, deviceProbes }))
  const renderer = openClipRenderer(environment, device.choice)
  const facts = {
    maker: makerOf(device, await readOwnVersion()),
    model: hashedOnDemand(dir, async () => checkpoint, AbortSignal.any([])),
  }
  let last: Promise<unknown> = Promise.resolve()

  const renderNow = async (image: string, options: RenderClipOptions): Promise<Clip> => {
    const { output, onProgress = () => {}, signal = AbortSignal.any([]), ...given } = options
    const asked = parseRenderArguments({ ...given })
    const nameFault = videoNameFault(output, asked.format ?? DEFAULT_FORMATS)
    if (nameFault !== null) throw new InvalidInputError('output', nameFault)
    await assertImagesReadable([image])
    const { parameters, warnings, convertedFrom } = await clipParameters(
      image,
      asked,
      checkpoint,
      (name) => name,
    )
    const { numFrames, numVideosPerPrompt: videosPerImage, format: formats } = parameters
    const only = { outputDir: undefined, framesDir: undefined }
    const plan = planOutputs({ images: [image], output, videosPerImage, formats, ...only })
    await checkOutputFolders(plan, { option: '--output', frameCount: numFrames })
    const ffmpeg = await findFfmpeg(environment)
    await assertFfmpegEncodes(ffmpeg, formats, signal)
    const settings = {
      device: device.choice,
      checkpointDir: path.resolve(dir),
      variant: variant ?? null,
      parameters,
      ...{ memory, threads, keepWarm: true },
      cacheDir: cacheDir === undefined ? weightCacheDir(environment) : cacheDir,
    }
    await using _folders = await makeOutputFolders(plan, '--output')
    const tools = {
      ...{ renderer, readImage: openImageSource().read, prepareImage, finishClip },
      ...{ ffmpegPath: ffmpeg.path, facts, signal },
      onProgress: (_: number, progress: Progress) => onProgress(progress),
    }
    const jobs = plan.map((planned) => ({ ...planned, settings, warnings, convertedFrom }))
    for await (const { outcome } of renderImages(jobs, tools)) {
      if ('error' in outcome) throw outcome.error
      const { videos, seconds } = outcome.value
      const files = videos.map((clip) => ({
        video: clip.video.path,
        files: clip.files.map(({ format, path: file }) => ({ format, path: file })),
        poster: clip.poster.path,
        record: parameters.metadata ? clipRecordFileOf(clip.video.path) : null,
      }))
      return { videos: files, parameters, warnings, seconds: seconds.total }
    }
    throw new Error(`${image}: nothing was rendered`)
  }

  const compileNow = async (options: CompileGraphsOptions): Promise<readonly string[]> => {
    const { output, target = 'cpu', precision, signal = AbortSignal.any([]), ...given } = options
    await assertNewFolder('output', output)
    const parameters = parametersFrom(checkpoint, given)
    const { width, height, numFrames } = parameters
    const shape = {
      ...{ width, height, numFrames },
      targets: targetsOf({ target, ...(precision && { precision }) }, checkpoint),
      guidance: usesGuidance(parameters),
      steps: stepsOf(parameters),
      decodeChunk: Math.min(numFrames, decodeChunkOf(parameters)),
    }
    const writing = { output, field: 'output', placement: 'copy', signal } as const
    const written = await writeGraphs(checkpoint, shape, writing)
    return written.map(({ file }) => path.join(output, file))
  }

  return {
    async render(image, options) {
      const rendering = last.then(() => withApiNames(() => renderNow(image, options)))
      last = rendering.catch(() => {})
      return await rendering
    },
    compile: (options) => withApiNames(() => compileNow(options)),
    [Symbol.asyncDispose]: () => renderer.close(),
  }
}

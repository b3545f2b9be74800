import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import type { CommandContext } from '../../../worker/cli/command-context.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import {
  type RenderJob,
  type RenderResult,
  renderJobSchema,
  renderResultSchema,
} from '../../../worker/renderer/render-job.ts'
import { clipFile, posterOf } from '../../../worker/video/clip-files.ts'

export type Stage = 'prepare' | 'render' | 'finish'

export interface FakeStagesOptions {
  /** Errors of images, by the file name of the image. */
  readonly failures?: Readonly<Record<string, Error>>
  /** The stage at which an image fails. Default: `render`. */
  readonly failAt?: Stage
  readonly progress?: readonly Progress[]
  /** Values that are not finite in every video. */
  readonly nonFiniteValues?: number
  /** Default: no chunk is decoded again. */
  readonly decodedAgain?: Pick<RenderResult, 'decodeFallbacks' | 'fallbackChunk'>
  /** Called when a stage has begun with an image and its files are half written. */
  readonly onStage?: (stage: Stage, image: string) => void | Promise<void>
}

export interface StagesRecord {
  /** The jobs that the renderer received. */
  readonly jobs: RenderJob[]
  /** `prepare a.jpg`, `prepared a.jpg` and so on. */
  readonly events: string[]
  /** The number of renderers that were opened, and of those that are still open. */
  readonly renderers: { opened: number; open: number }
}

const DONE = { prepare: 'prepared', render: 'rendered', finish: 'finished' } as const

const writeRecorded = async (file: string, content: string) => {
  await writeFile(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path: file, sizeBytes: Buffer.byteLength(content), sha256 }
}

/** Hash of an image's pixels, as the real stage computes it, or `otherwise` if the file is not an image. */
const pixelsOf = async (bytes: Uint8Array, otherwise: string): Promise<string> => {
  try {
    return hashPixels(await decodeImage(bytes, 'image'))
  } catch {
    return otherwise
  }
}

/**
 * The three stages of a clip with texts instead of images, under their contract: checked jobs, one at a time,
 * the signal's reason after an abort, half-written files after a failure. Each stage reads the files of the one before.
 */
export const fakeStages = (
  {
    failures = {},
    failAt = 'render',
    progress = [],
    nonFiniteValues = 0,
    decodedAgain = { decodeFallbacks: 0, fallbackChunk: null },
    onStage,
  }: FakeStagesOptions,
  { jobs, events, renderers }: StagesRecord,
): Pick<CommandContext, 'prepareImage' | 'openImageProcess' | 'finishClip' | 'openRenderer'> => {
  const atWork = { prepare: 0, render: 0, finish: 0 }

  const run = async <T>(
    stage: Stage,
    image: string,
    { files, signal }: { readonly files: readonly string[]; readonly signal: AbortSignal },
    write: () => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted()
    if (atWork[stage] > 0) throw new Error(`two at a time: ${stage}`)
    atWork[stage]++
    const name = path.basename(image)
    events.push(`${stage} ${name}`)
    try {
      for (const file of files) await writeFile(file, 'half')
      await onStage?.(stage, name)
      signal.throwIfAborted()
      const failure = stage === failAt ? failures[name] : undefined
      if (failure !== undefined) throw failure
      const written = await write()
      events.push(`${DONE[stage]} ${name}`)
      return written
    } finally {
      atWork[stage]--
    }
  }

  const prepareImage: CommandContext['prepareImage'] = ({ bytes, field, folder, width, height, signal }) => {
    const [source, fitted] = ['source.rgb', 'fitted.rgb'].map((name) => path.join(folder, name)) as [
      string,
      string,
    ]
    return run('prepare', field, { files: [source, fitted], signal }, async () => {
      if (bytes.length === 0) throw new Error(`${field} was not read`)
      for (const file of [source, fitted]) await writeFile(file, field)
      const sha256 = createHash('sha256').update(field).digest('hex')
      return {
        pixelsSha256: await pixelsOf(bytes, sha256),
        source: { path: source, sha256, width: 640, height: 480 },
        fitted: { path: fitted, sha256, width, height },
        seconds: 0.05,
      }
    })
  }

  const render = async (job: RenderJob, signal: AbortSignal, onProgress: (progress: Progress) => void) => {
    jobs.push(renderJobSchema.parse(job))
    const image = await readFile(job.source.path, 'utf8')
    return run('render', image, { files: job.outputs, signal }, async () => {
      for (const one of progress) onProgress(one)
      for (const [index, file] of job.outputs.entries()) await writeFile(file, `${index} of ${image}`)
      return renderResultSchema.parse({
        videos: job.outputs.map((file) => ({
          path: file,
          frameCount: job.parameters.numFrames,
          sizeBytes: 5,
          nonFiniteValues,
        })),
        seconds: { load: 1, encodeImage: 0.2, denoise: 8, decode: 2, total: 11.2 },
        peakMemoryBytes: 412_000_000,
        memory: 'offload',
        decodeChunk: job.parameters.decodeChunkSize ?? job.parameters.numFrames,
        steps: job.parameters.numInferenceSteps,
        ...decodedAgain,
      })
    })
  }

  const finishClip: CommandContext['finishClip'] = async ({
    rawFrames,
    files: asked,
    output,
    framesDir,
    signal,
    onProgress,
  }) => {
    const frames = await readFile(rawFrames, 'utf8')
    const image = frames.replace(/^\d+ of /, '')
    const frame = framesDir === null ? [] : [path.join(framesDir, '0000.png')]
    const videos = asked.map(({ format }) => ({ format, file: clipFile(output, format) }))
    const files = [...videos.map(({ file }) => file), posterOf(output), ...frame]
    return run('finish', image, { files, signal }, async () => {
      onProgress?.({ phase: 'encode-video', step: 14, steps: 14 })
      for (const file of frame) await writeFile(file, 'frame')
      const written = []
      for (const { format, file } of videos)
        written.push({
          format,
          ...(await writeRecorded(file, `${format === 'mp4' ? 'video' : format} ${frames}`)),
        })
      const [video] = written
      if (video === undefined) throw new Error('no format was given')
      return {
        video,
        files: written,
        poster: await writeRecorded(posterOf(output), 'poster'),
        framesDir,
        frameCount: 14,
        seconds: 0.5,
      }
    })
  }

  return {
    prepareImage,
    openImageProcess: () => ({ prepareImage, async [Symbol.asyncDispose]() {} }),
    finishClip,
    openRenderer() {
      renderers.opened++
      renderers.open++
      const close = async (): Promise<void> => {
        renderers.open--
      }
      return {
        render: (job, { signal, onProgress = () => {} }) => render(job, signal, onProgress),
        close,
        [Symbol.asyncDispose]: close,
      }
    },
  }
}

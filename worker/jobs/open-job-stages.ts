import path from 'node:path'
import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import { type ClipMaker, type ClipMetadata, clipMetadataOfJob } from '../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { JobImage, JobMessage } from '../../shared/contracts/job-message.ts'
import { decodeParameters } from '../../shared/contracts/parameters-document.ts'
import { RENDER_ARGUMENT_NAMES } from '../../shared/contracts/render-arguments.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { OpenModel } from '../models/open-model.ts'
import type { Renderer } from '../renderer/child-process-renderer.ts'
import type { PreparedImage, prepareImage } from '../renderer/prepare-image.ts'
import type { RenderJob, RenderResult, RenderSettings } from '../renderer/render-job.ts'
import { missingEncoders, missingText } from '../video/probe-ffmpeg.ts'
import { fallbackDecodeParameters } from './fallback-decode.ts'
import { fetchImage } from './fetch-image.ts'
import { type FinishingTools, finishVideos } from './finish-videos.ts'
import type { PrepareJob } from './job-stages.ts'
import { PostponedError } from './postponed-error.ts'

export interface JobTools extends FinishingTools {
  /** The output bucket, where ingest has put the images. */
  readonly store: ObjectStore
  readonly model: OpenModel
  readonly renderer: Renderer<RenderJob, RenderResult>
  readonly prepareImage: typeof prepareImage
  /** Encoders of the worker's ffmpeg, by its own names. */
  readonly encoders: readonly string[]
  /** Program and device that the metadata of clips name. */
  readonly maker: ClipMaker
  readonly settings: Pick<RenderSettings, 'device' | 'memory' | 'threads' | 'cacheDir'>
}

/** Another worker may have the job's model, or get it: the job waits for it. */
const assertModel = ({ model }: JobMessage, { record }: OpenModel): void => {
  if (model.sha256 === record.sha256) return
  const [wanted, here] = [model, { id: record.model_id, sha256: record.sha256 }].map(
    ({ id, sha256 }) => `${id} (${sha256.slice(0, 12)})`,
  )
  const reason = `the job is for the model ${wanted}, and this worker has ${here}`
  throw new PostponedError(reason, { workersFault: false, waitsForModel: model })
}

/** Another worker may have an ffmpeg with the encoder: the job waits for it. Found before anything is fetched or rendered. */
const assertEncoders = (formats: readonly ClipFormat[], encoders: readonly string[]): void => {
  const missing = missingEncoders({ encoders }, formats)
  if (missing.length === 0) return
  throw new PostponedError(
    `this worker's ffmpeg has no encoder ${missingText(missing)}, which the job needs`,
    {
      workersFault: false,
    },
  )
}

/** The job's id is that of its image: with another one, put there since, its clip would not be what it says. */
const assertImage = ({ pixelsSha256 }: PreparedImage, image: JobImage): void => {
  if (pixelsSha256 === image.pixels_sha256) return
  throw new InvalidInputError(
    'image',
    `${image.key} does not match the image this job was created from (${image.source_key}); upload ${image.source_key} again`,
  )
}

/** A checkpoint that cannot be read is this worker's fault; only the job's own arguments can be the user's mistake. */
const whoseMistake = (error: unknown): unknown =>
  error instanceof InvalidInputError && !RENDER_ARGUMENT_NAMES.some((name) => name === error.field)
    ? new PostponedError(`this worker cannot use its model: ${error.message}`, {
        workersFault: true,
        cause: error,
      })
    : error

/** The stages of jobs, for real: an image out of the bucket, the renderer's process, ffmpeg and the checks. */
export const openJobStages = (tools: JobTools): PrepareJob => {
  const { store, model, renderer, prepareImage, encoders, maker, settings } = tools

  return async (job, folder, signal) => {
    assertModel(job, model)
    const asked = decodeParameters(job.parameters)
    assertEncoders(asked.format, encoders)
    const { width, height, fit } = asked
    const bytes = await fetchImage(store, job.image, signal)
    const field = 'image'
    const prepared = await prepareImage({ bytes, field, width, height, fit, folder, signal })
    assertImage(prepared, job.image)

    return {
      async render(renderPath, context) {
        const parameters = renderPath === 'fallback-decode' ? fallbackDecodeParameters(asked) : asked
        const { numVideosPerPrompt } = parameters
        const outputs = Array.from({ length: numVideosPerPrompt }, (_, index) =>
          path.join(folder, `video-${index}.rgb`),
        )
        try {
          const { videos, seconds, decodeChunk, decodeFallbacks } = await renderer.render(
            {
              ...settings,
              checkpointDir: model.dir,
              variant: model.variant,
              keepWarm: true,
              parameters,
              source: prepared.source,
              fitted: prepared.fitted,
              outputs,
            },
            context,
          )
          return {
            seconds,
            decodeChunk,
            decodeFallbacks,
            finish(until, onProgress) {
              const rendered = { ...parameters, decodeChunkSize: decodeChunk }
              const fallback = renderPath === 'fallback-decode'
              const metadataOf = (video: number): ClipMetadata | null =>
                asked.metadata
                  ? clipMetadataOfJob(job, maker, {
                      video,
                      decode_chunk_size: decodeChunk,
                      fallback_decode: fallback,
                    })
                  : null
              return finishVideos(
                { raw: videos, fitted: prepared.fitted, parameters: rendered, metadataOf },
                tools,
                { signal: until, onProgress },
              )
            },
          }
        } catch (error) {
          throw whoseMistake(error)
        }
      },
    }
  }
}

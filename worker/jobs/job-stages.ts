import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { ClipQuality } from '../../shared/contracts/result-record.ts'
import type { Progress } from '../pipeline/progress.ts'

/*
 * The work of a job as the queue side sees it: three stages, each of which gives what the next one needs. What is
 * inside (images, frames, files in the job's folder) is theirs.
 *
 *   prepareJob ─▶ PreparedJob.render ─▶ RenderedJob.finish ─▶ FinishedJob
 *   no device      the device, alone     no device             files, and what the checks found
 *
 * All throw the reason of their signal, once nothing of theirs works on the job any more; an `InvalidInputError` for
 * what can never work; a `DoesNotFitError` for what this worker has no memory for; anything else for what may.
 */

/** `fallback-decode`: decoded in small chunks that overlap, see fallback-decode.ts. */
export type RenderPath = 'as-asked' | 'fallback-decode'

export interface LocalFile {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

export interface FormattedFile extends LocalFile {
  readonly format: ClipFormat
}

export interface FinishedVideo {
  /** The MP4, whether the job asks for it or not. */
  readonly video: LocalFile
  readonly poster: LocalFile
  /** Files in the formats that the job asks for, in their order. */
  readonly files: readonly FormattedFile[]
  readonly frames: number
  readonly quality: ClipQuality
}

export interface FinishedJob {
  /** One per video of `num_videos_per_prompt`. */
  readonly videos: readonly FinishedVideo[]
  readonly seconds: { readonly encodeVideo: number; readonly check: number }
}

export interface RenderedJob {
  /** Frames decoded at once. */
  readonly decodeChunk: number
  /** Count of chunks that were decoded once more in float32. */
  readonly decodeFallbacks: number
  readonly seconds: {
    readonly load: number
    readonly encodeImage: number
    readonly denoise: number
    readonly decode: number
  }
  /** Frames to MP4s, files of other formats and posters, and their checks. `onProgress` counts videos. */
  finish(signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<FinishedJob>
}

export interface StageContext {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

export interface PreparedJob {
  /** One at a time. May be called again, after the first one's clip is finished. */
  render(path: RenderPath, context: StageContext): Promise<RenderedJob>
}

/** Fetches and checks what the job needs; `folder` is the job's own and goes when the job ends. */
export type PrepareJob = (job: JobMessage, folder: string, signal: AbortSignal) => Promise<PreparedJob>

import path from 'node:path'
import type { CheckSeverities } from '../../shared/contracts/clip-checks.ts'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { RenderParameters } from '../../shared/contracts/render-parameters.ts'
import type { RawVideo, RgbFile } from '../renderer/render-job.ts'
import type { finishClip } from '../video/finish-clip.ts'
import type { FinishedJob, FinishedVideo, StageContext } from './job-stages.ts'
import type { checkClip } from './quality/check-clip.ts'

export interface FinishingTools {
  readonly finishClip: typeof finishClip
  readonly checkClip: typeof checkClip
  readonly ffmpegPath: string
  /** Severities of the checks, the same for all clips of the worker. */
  readonly severities: CheckSeverities
}

export interface VideosToFinish {
  /** Files of raw frames; an MP4 and a poster are written beside each. */
  readonly raw: readonly RawVideo[]
  /** The image at the clips' size. */
  readonly fitted: RgbFile
  /** As they were rendered, with the chunk that was decoded at once. */
  readonly parameters: RenderParameters
  /** Metadata for the files of the video with that index; `null`: none. */
  readonly metadataOf: (video: number) => ClipMetadata | null
}

/** Encodes the videos of a job and checks them, one after the other. */
export const finishVideos = async (
  { raw, fitted, parameters, metadataOf }: VideosToFinish,
  { finishClip, checkClip, ffmpegPath, severities }: FinishingTools,
  { signal, onProgress }: StageContext,
): Promise<FinishedJob> => {
  const { width, height, fps, decodeChunkSize, decodeOverlap } = parameters
  const videos: FinishedVideo[] = []
  const seconds = { encodeVideo: 0, check: 0 }
  const decodedFrames = raw.reduce((total, { frameCount }) => total + frameCount, 0)
  let firstFrame = 0
  for (const { path: rawFrames, frameCount, nonFiniteValues } of raw) {
    const { dir, name } = path.parse(rawFrames)
    const output = path.join(dir, `${name}.mp4`)
    const files = await finishClip({
      rawFrames,
      width,
      height,
      fps,
      output,
      framesDir: null,
      metadata: metadataOf(videos.length),
      ffmpegPath,
      signal,
    })
    const started = performance.now()
    const cut = { frameCount, decodedFrames, firstFrame, decodeChunkSize, decodeOverlap }
    const clip = { frames: rawFrames, fitted: fitted.path, video: output, width, height, nonFiniteValues }
    const quality = await checkClip({ ...clip, ...cut }, severities, signal)
    firstFrame += frameCount
    seconds.encodeVideo += files.seconds
    seconds.check += (performance.now() - started) / 1000
    videos.push({ video: files.video, poster: files.poster, frames: files.frameCount, quality })
    onProgress({ phase: 'encode-video', step: videos.length, steps: raw.length })
  }
  return { videos, seconds }
}

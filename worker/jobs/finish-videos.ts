import path from 'node:path'
import type { CheckSeverities } from '../../shared/contracts/clip-checks.ts'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { FileParameters, RenderParameters } from '../../shared/contracts/render-parameters.ts'
import type { RawVideo, RgbFile } from '../renderer/render-job.ts'
import type { FileToWrite, finishClip } from '../video/finish-clip.ts'
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
  /** Files of raw frames; an MP4, the other formats and a poster are written beside each. */
  readonly raw: readonly RawVideo[]
  /** The image at the clips' size. */
  readonly fitted: RgbFile
  /** As they were rendered, with the chunk that was decoded at once. */
  readonly parameters: RenderParameters
  /** Metadata for the files of the video with that index; `null`: none. */
  readonly metadataOf: (video: number) => ClipMetadata | null
}

/**
 * Formats to write. The MP4 is always one of them: the checks read it, and every page can play it. Where the job does not
 * ask for it, its quality is the usual one.
 */
const filesToWrite = ({ format, crf }: FileParameters): readonly FileToWrite[] => [
  { format: 'mp4', crf: format.includes('mp4') ? crf : null },
  ...format.flatMap((one) => (one === 'mp4' ? [] : [{ format: one, crf }])),
]

/** Encodes the videos of a job and checks them, one after the other. */
export const finishVideos = async (
  { raw, fitted, parameters, metadataOf }: VideosToFinish,
  { finishClip, checkClip, ffmpegPath, severities }: FinishingTools,
  { signal, onProgress }: StageContext,
): Promise<FinishedJob> => {
  const { width, height, fps, format, loop, decodeChunkSize, decodeOverlap } = parameters
  const videos: FinishedVideo[] = []
  const seconds = { encodeVideo: 0, check: 0 }
  const decodedFrames = raw.reduce((total, { frameCount }) => total + frameCount, 0)
  let firstFrame = 0
  for (const { path: rawFrames, frameCount, nonFiniteValues } of raw) {
    const { dir, name } = path.parse(rawFrames)
    const output = path.join(dir, `${name}.mp4`)
    const finished = await finishClip({
      rawFrames,
      width,
      height,
      fps,
      files: filesToWrite(parameters),
      loop,
      output,
      framesDir: null,
      metadata: metadataOf(videos.length),
      ffmpegPath,
      signal,
    })
    const started = performance.now()
    const cut = { frameCount, decodedFrames, firstFrame, decodeChunkSize, decodeOverlap }
    const clip = { frames: rawFrames, fitted: fitted.path, video: output, width, height, nonFiniteValues }
    const videoFrames = finished.frameCount
    const quality = await checkClip({ ...clip, ...cut, videoFrames }, severities, signal)
    firstFrame += frameCount
    seconds.encodeVideo += finished.seconds
    seconds.check += (performance.now() - started) / 1000
    const { video, poster } = finished
    const files = finished.files.filter((file) => format.includes(file.format))
    videos.push({ video, poster, files, frames: videoFrames, quality })
    onProgress({ phase: 'encode-video', step: videos.length, steps: raw.length })
  }
  return { videos, seconds }
}

import { availableParallelism } from 'node:os'
import path from 'node:path'
import { clipRecordFileOf } from '../../../shared/contracts/clip-record.ts'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { encodeParameters, encodeSeed } from '../../../shared/contracts/parameters-document.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import type { ImageJob } from '../../clips/image-job.ts'
import type { RenderedImage } from '../../clips/render-images.ts'
import type { ClipDevice } from '../../device/clip-device.ts'
import type { Versions } from '../../engine/versions.ts'
import type { WrittenFile } from '../../video/written-file.ts'
import { deviceAsJson } from '../device-report.ts'
import { InterruptedError } from '../exit-code.ts'
import type { KeptJob } from './skip-existing.ts'

const toMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000

const fileAsJson = ({ path: file, sizeBytes, sha256 }: WrittenFile) => ({
  path: file,
  size_bytes: sizeBytes,
  sha256,
})

/** The object that `--json` prints for an image that was rendered. Its keys are a contract. */
export const resultAsJson = (
  { image, settings, warnings, convertedFrom }: ImageJob,
  result: RenderedImage,
  device: ClipDevice,
  versions: Versions,
) => ({
  status: 'succeeded' as const,
  image,
  /** `null`: the file was read as it is. */
  converted_from: convertedFrom,
  checkpoint: settings.checkpointDir,
  variant: settings.variant,
  parameters: encodeParameters(settings.parameters),
  warnings,
  steps: result.steps,
  decode_fallbacks: result.decodeFallbacks,
  decode_fallback_chunk_size: result.fallbackChunk,
  decode_chunk_size: result.decodeChunk,
  videos: result.videos.map(({ video, files, poster, framesDir, frameCount }) => ({
    ...fileAsJson(video),
    frames: frameCount,
    poster: fileAsJson(poster),
    record: settings.parameters.metadata ? clipRecordFileOf(video.path) : null,
    frames_dir: framesDir,
    files: files.map((file) => ({ format: file.format, ...fileAsJson(file) })),
  })),
  seconds: {
    load: toMilliseconds(result.seconds.load),
    encode_image: toMilliseconds(result.seconds.encodeImage),
    denoise: toMilliseconds(result.seconds.denoise),
    decode: toMilliseconds(result.seconds.decode),
    encode_video: toMilliseconds(result.seconds.encodeVideo),
    total: toMilliseconds(result.seconds.total),
  },
  peak_memory_bytes: result.peakMemoryBytes,
  memory_mode: result.memory,
  device: {
    ...deviceAsJson(device),
    logical_cores: availableParallelism(),
    threads: settings.threads,
  },
  versions,
})

const kindOf = (error: unknown): 'invalid-input' | 'does-not-fit' | 'interrupted' | 'failure' => {
  if (error instanceof DoesNotFitError) return 'does-not-fit'
  if (error instanceof InvalidInputError) return 'invalid-input'
  return error instanceof InterruptedError ? 'interrupted' : 'failure'
}

const errorAsJson = (error: unknown) => ({
  kind: kindOf(error),
  message: error instanceof Error ? error.message : String(error),
})

/** An image, and its seed where `--seeds` gives several. */
export type NamedClip = Pick<ImageJob, 'image' | 'seed'>

/** The object that `--json` prints for an image that was not rendered. */
export const failureAsJson = ({ image, seed }: NamedClip, error: unknown) => ({
  status: 'failed' as const,
  image,
  ...(seed !== null && { seed: encodeSeed(seed) }),
  error: errorAsJson(error),
})

/** The object that `--json` prints for an image whose clips were there already. */
export const skippedAsJson = ({ job: { image, seed }, clips }: KeptJob) => ({
  status: 'skipped' as const,
  image,
  ...(seed !== null && { seed: encodeSeed(seed) }),
  videos: clips.map(({ file, record }) => ({
    path: file,
    frames: record.frames,
    record: clipRecordFileOf(file),
  })),
})

export type ImageReport =
  | ReturnType<typeof resultAsJson>
  | ReturnType<typeof skippedAsJson>
  | ReturnType<typeof failureAsJson>

/** A clip's report, by which the reports are put into the order of the clips: they are made in another. */
export interface NamedReport {
  readonly clip: NamedClip
  readonly report: ImageReport
}

const reportOf = (clip: NamedClip, reports: readonly NamedReport[]): ImageReport | undefined =>
  reports.find(({ clip: { image, seed } }) => image === clip.image && (seed === clip.seed || seed === null))
    ?.report

/** The object that `--json` prints when all images were tried. */
export const reportsAsJson = (clips: readonly NamedClip[], reports: readonly NamedReport[]) => {
  const results = clips.flatMap((clip) => reportOf(clip, reports) ?? [])
  return clips.length === 1 ? results[0] : { results }
}

/** The object that `--json` prints when `error` ended the command; images without a report of their own share it. */
export const stoppedAsJson = (
  clips: readonly NamedClip[],
  reports: readonly NamedReport[],
  error: unknown,
) => {
  const results = clips.map((clip) => reportOf(clip, reports) ?? failureAsJson(clip, error))
  return clips.length === 1 ? results[0] : { status: 'failed' as const, error: errorAsJson(error), results }
}

const shortPath = (file: string): string => {
  const relative = path.relative('', file)
  return relative.startsWith('..') ? file : relative
}

/** Summary of a rendered image as text: files, seconds, memory, device. */
export const summarize = (
  { settings }: ImageJob,
  result: RenderedImage,
  { choice, name, precision }: ClipDevice,
): string => {
  const { width, height, fps } = settings.parameters
  const lines = result.videos.flatMap(({ video, files, poster, framesDir, frameCount }) => [
    ...files.map(
      (file) =>
        `${shortPath(file.path)}  ${frameCount} frames, ${width}x${height}, ${fps} fps, ${formatBytes(file.sizeBytes)}`,
    ),
    `${shortPath(poster.path)}  poster`,
    ...(settings.parameters.metadata ? [`${shortPath(clipRecordFileOf(video.path))}  record`] : []),
    ...(framesDir === null ? [] : [`${shortPath(framesDir)}  frames`]),
  ])
  const { load, encodeImage, denoise, decode, encodeVideo, total } = result.seconds
  const phases = { load, image: encodeImage, denoise, decode, video: encodeVideo }
  const times = Object.entries(phases).map(([phase, seconds]) => `${phase} ${seconds.toFixed(1)}`)
  const memory = `peak memory ${formatBytes(result.peakMemoryBytes)} (${result.memory})`
  const on = choice.provider === 'cuda' ? `; ${name}, ${precision}` : ''
  const { decodeFallbacks, fallbackChunk } = result
  const atOnce = fallbackChunk === null ? '' : `, ${fallbackChunk} frames at once`
  const again = decodeFallbacks > 0 ? `; ${decodeFallbacks} chunks were decoded again in fp32${atOnce}` : ''
  return [...lines, `${total.toFixed(1)} s: ${times.join(', ')}; ${memory}${on}${again}`, ''].join('\n')
}

/** Lines of an image whose clips were there already. */
export const summarizeKept = ({ clips }: KeptJob): string =>
  clips.map(({ file }) => `${shortPath(file)}  is there already, and would be the same\n`).join('')

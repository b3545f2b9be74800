import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import { appendXmp } from './append-xmp.ts'
import { tagOptions } from './clip-tags.ts'
import { type Mp4Video, readMp4 } from './read-mp4.ts'
import { assertRgbFrame, type FrameSize } from './rgb-frame.ts'
import { runFfmpeg } from './run-ffmpeg.ts'
import { xmpPacket } from './xmp-packet.ts'

export interface EncodeRequest extends FrameSize {
  /** RGB24 images of `width` x `height`, in order, at least one. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Frames per second, a whole number from 1. */
  readonly fps: number
  readonly output: string
  /** Written into the file, as its comment and as XMP; `null` or absent: none. */
  readonly metadata?: ClipMetadata | null
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  /** Called with 0, 1, 2… as ffmpeg takes each frame. */
  readonly onFrame?: (index: number) => void
}

/** Properties of the written video, read back from the file. */
export interface EncodedVideo extends Mp4Video {
  readonly sizeBytes: number
}

/**
 * Encodes frames as H.264 in MP4: yuv420p, BT.709 limited range converted and tagged, index before the data,
 * one coded frame for each given. The same frames, metadata and ffmpeg give the same bytes. The file appears under
 * `output` complete, after its frame count, size and rate have been read back, or not at all.
 */
export const encodeMp4 = async (request: EncodeRequest): Promise<EncodedVideo> => {
  assertEncodable(request)
  const { metadata = null } = request
  const count = { frames: 0 }
  return writeThenRename(request.output, async (temporary) => {
    await runFfmpeg({
      ffmpegPath: request.ffmpegPath,
      input: countedFrames(request, count),
      inputOptions: inputOptions(request),
      outputOptions: [...OUTPUT_OPTIONS, ...(metadata === null ? [] : tagOptions(metadata))],
      output: path.resolve(temporary),
      signal: request.signal,
    })
    if (metadata !== null) await appendXmp(temporary, xmpPacket(metadata))
    const video = await readMp4(temporary)
    assertAsAsked(video, request, count.frames)
    request.signal.throwIfAborted()
    return { ...video, sizeBytes: (await stat(temporary)).size }
  })
}

const inputOptions = ({ width, height, fps }: EncodeRequest): string[] => [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
  ...['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`],
  ...['-framerate', String(fps)],
]

/**
 * Without a matrix the scaler converts by BT.601, whatever the tags say. The full-chroma flags keep its fast
 * paths from rounding colours, `bitexact` keeps the processor's vector width out of the result.
 */
const TO_BT709 = [
  'scale=in_range=full:out_range=tv:out_color_matrix=bt709' +
    ':flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact',
  'setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709',
  'format=yuv420p',
].join(',')

const OUTPUT_OPTIONS = [
  ...['-filter:v', TO_BT709],
  ...['-c:v', 'libx264', '-preset', 'medium', '-crf', '18'],
  // x264's result depends on its number of threads, which it takes from the machine, and on the processor.
  ...['-threads', '1', '-x264-params', 'cpu-independent=1'],
  ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
  // x264 writes its version and settings into a NAL unit of type 6.
  ...['-bsf:v', 'filter_units=remove_types=6'],
  // Builds before 4.4 write the colour box only when asked.
  ...['-movflags', '+faststart+write_colr', '-f', 'mp4'],
  ...['-flags:v', '+bitexact', '-fflags', '+bitexact', '-map_metadata', '-1'],
]

async function* countedFrames(request: EncodeRequest, count: { frames: number }) {
  for await (const frame of request.frames) {
    assertRgbFrame(frame, count.frames, request)
    yield frame
    request.onFrame?.(count.frames)
    count.frames++
  }
  if (count.frames === 0) throw new Error('a video needs at least one frame; none was given')
}

const assertEncodable = ({ width, height, fps }: EncodeRequest): void => {
  for (const [name, pixels] of Object.entries({ width, height })) {
    if (!Number.isInteger(pixels) || pixels < 2 || pixels % 2 !== 0) {
      throw new RangeError(`${name}: ${pixels} is not an even number of pixels from 2, which yuv420p needs`)
    }
  }
  if (!Number.isInteger(fps) || fps < 1) throw new RangeError(`fps: ${fps} is not a whole number from 1`)
}

const assertAsAsked = (video: Mp4Video, request: EncodeRequest, frameCount: number): void => {
  const asked = { width: request.width, height: request.height, fps: request.fps, frameCount }
  for (const name of ['width', 'height', 'fps', 'frameCount'] as const) {
    if (video[name] !== asked[name]) {
      throw new Error(`ffmpeg wrote a video whose ${name} is ${video[name]}, not ${asked[name]}`)
    }
  }
}

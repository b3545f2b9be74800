import { assertRgbFrame, type FrameSize } from './rgb-frame.ts'

export interface FramesToEncode extends FrameSize {
  /** RGB24 frames of `width` x `height`, in order, at least one. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Frames per second, a whole number from 1. */
  readonly fps: number
}

/**
 * Figures that a written file gives of itself. Its `fps` is `undefined` where its frames do not last equally long, and
 * `null` where its format has no rate.
 */
export interface FileFigures extends FrameSize {
  readonly frameCount: number
  readonly fps: number | null | undefined
}

/** Options with which ffmpeg reads the frames from its standard input. */
export const rawInputOptions = ({ width, height, fps }: FramesToEncode): string[] => [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
  ...['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`],
  ...['-framerate', String(fps)],
]

/**
 * Without a matrix the scaler converts by BT.601, whatever the tags say. The full-chroma flags keep its fast
 * paths from rounding colours, `bitexact` keeps the processor's vector width out of the result.
 */
export const toBt709 = (pixelFormat: string): string =>
  [
    'scale=in_range=full:out_range=tv:out_color_matrix=bt709' +
      ':flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact',
    'setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709',
    `format=${pixelFormat}`,
  ].join(',')

/** The frames, each of the right size, counted as the consumer takes them. Throws if there is none. */
export async function* countedFrames(request: FramesToEncode, count: { frames: number }) {
  for await (const frame of request.frames) {
    assertRgbFrame(frame, count.frames, request)
    yield frame
    count.frames++
  }
  if (count.frames === 0) throw new Error('a video needs at least one frame; none was given')
}

/** Throws RangeError for a size or a rate that no video of 4:2:0 or 4:2:2 can have. */
export const assertEncodable = ({ width, height, fps }: FramesToEncode): void => {
  for (const [name, pixels] of Object.entries({ width, height })) {
    if (!Number.isInteger(pixels) || pixels < 2 || pixels % 2 !== 0) {
      throw new RangeError(`${name}: ${pixels} is not an even number of pixels from 2, which yuv420p needs`)
    }
  }
  if (!Number.isInteger(fps) || fps < 1) throw new RangeError(`fps: ${fps} is not a whole number from 1`)
}

/** Throws unless a file that was read back is what was asked for. */
export const assertAsAsked = (file: FileFigures, request: FramesToEncode, frameCount: number): void => {
  const asked = { width: request.width, height: request.height, fps: request.fps, frameCount }
  for (const name of ['width', 'height', 'fps', 'frameCount'] as const) {
    if (name === 'fps' && file.fps === null) continue
    if (file[name] !== asked[name]) {
      throw new Error(`the written file has the ${name} ${file[name]}, not ${asked[name]}`)
    }
  }
}

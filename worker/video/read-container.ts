import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'
import type { FileFigures } from './frames-to-encode.ts'

/** An hour of frames is listed in a second. */
const TIMEOUT_MS = 60_000

export interface ReadOptions {
  readonly ffmpegPath: string
  /** Rate that the file should have. */
  readonly fps: number
  readonly signal: AbortSignal
}

interface Packets extends FileFigures {
  readonly fps: undefined
  /** Duration of one tick, in seconds. */
  readonly tick: number
  /** Time at which each frame begins, in ticks. */
  readonly starts: readonly number[]
}

/** The list that ffmpeg's muxer `framecrc` writes: `#name 0: value`, then `stream, dts, pts, duration, size, checksum`. */
const parsePackets = (text: string): Packets => {
  const lines = text.split('\n')
  const header = (name: string): string =>
    lines.find((line) => line.startsWith(`#${name} 0: `))?.slice(`#${name} 0: `.length) ?? ''
  const [width = Number.NaN, height = Number.NaN] = header('dimensions').split('x').map(Number)
  const [numerator = Number.NaN, denominator = Number.NaN] = header('tb').split('/').map(Number)
  // Packets come in the order in which they are decoded.
  const starts = lines
    .flatMap((line) => {
      const [stream, , start] = line.split(',').map((field) => field.trim())
      return stream === '0' && start !== undefined ? [Number(start)] : []
    })
    .toSorted((a, b) => a - b)
  return { width, height, frameCount: starts.length, fps: undefined, tick: numerator / denominator, starts }
}

/** A container rounds the times of frames to its ticks: WebM to thousandths of a second, GIF to hundredths. */
const hasRate = ({ starts, tick }: Packets, fps: number): boolean =>
  starts.every((start, index) => Math.abs(start * tick - index / fps) <= tick)

/**
 * Size, frame count and rate of a video file, as ffmpeg finds them in its container; nothing is decoded. `fps` is the
 * expected one, or `undefined` where a frame begins at another time. Throws, naming the file, if ffmpeg cannot read it.
 */
export const readContainer = async (
  file: string,
  { ffmpegPath, fps, signal }: ReadOptions,
): Promise<FileFigures> => {
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-i', file]
  const { failed, stdout, stderr } = await execa(
    ffmpegPath,
    [...args, '-map', '0', '-c', 'copy', '-f', 'framecrc', '-'],
    {
      ...{ env: childEnvironment(process.env), extendEnv: false, stdin: 'ignore' },
      ...{ timeout: TIMEOUT_MS, cancelSignal: signal, reject: false },
    },
  )
  signal.throwIfAborted()
  const packets = parsePackets(stdout)
  if (failed || packets.frameCount === 0) {
    throw new Error(`${file} cannot be read back: ${stderr.trim() || 'ffmpeg finds no frame in it'}`)
  }
  const { width, height, frameCount } = packets
  return { width, height, frameCount, fps: hasRate(packets, fps) ? fps : undefined }
}

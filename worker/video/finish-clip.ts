import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { Progress } from '../pipeline/progress.ts'
import { clipFile, posterOf } from './clip-files.ts'
import { ENCODERS } from './encoders.ts'
import { frameOrder } from './frame-order.ts'
import { openRawFrames, type RawFrames } from './raw-frames.ts'
import type { FrameSize } from './rgb-frame.ts'
import { writeFrames } from './write-frames.ts'
import { writePoster } from './write-poster.ts'
import { describeFile, type WrittenFile } from './written-file.ts'

/** A file of a clip. `crf`: `null` for the codec's usual one. */
export interface FileToWrite {
  readonly format: ClipFormat
  readonly crf: number | null
}

export interface FormattedFile extends WrittenFile {
  readonly format: ClipFormat
}

export interface ClipToFinish extends FrameSize {
  /** A file of raw RGB24 frames, see raw-frames.ts; it stays. */
  readonly rawFrames: string
  /** Frames per second, a whole number from 1. */
  readonly fps: number
  /** Formats to write, at least one, each once. */
  readonly files: readonly FileToWrite[]
  /** Shows the frames there and back, see frame-order.ts. */
  readonly loop: boolean
  /** Path of the first format's file. Those of the others and the poster differ in their endings, see `posterOf`. */
  readonly output: string
  /** Folder for a lossless PNG of each frame, `0000.png` on, or null. */
  readonly framesDir: string | null
  /** Written into the formats that carry them; `null` or absent: none. */
  readonly metadata?: ClipMetadata | null
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  /** Steps are frames: of the PNGs, if there are any, then of each pass of each format. */
  readonly onProgress?: (progress: Progress) => void
}

export interface FinishedClip {
  /** The first of `files`. */
  readonly video: WrittenFile
  /** In the order in which they were asked for. */
  readonly files: readonly FormattedFile[]
  readonly poster: WrittenFile
  readonly framesDir: string | null
  /** Frames of each file: those of `loop` count twice, but for the first and the last. */
  readonly frameCount: number
  /** From opening the raw frames to the last hash. */
  readonly seconds: number
}

/**
 * Rendered frames become files: PNGs, poster, each format, in this order, each whole or not there. Needs no network and no
 * more memory than a few frames, so that it can go on while the next clip renders. After an error or an abort
 * (rejects with the signal's reason) no program is left running; what was written before stays.
 */
export const finishClip = async (clip: ClipToFinish): Promise<FinishedClip> => {
  const started = performance.now()
  const { width, height, fps, output, framesDir, metadata = null, ffmpegPath, signal } = clip
  signal.throwIfAborted()
  await using raw = await openRawFrames(clip.rawFrames, { width, height })
  const order = frameOrder(raw.frameCount, clip.loop)
  const passes = clip.files.reduce((sum, { format }) => sum + ENCODERS[format].passes, 0)
  const steps = (framesDir === null ? 0 : raw.frameCount) + passes * order.length
  const frames = reportedFrames(raw, steps, clip.onProgress)
  if (framesDir !== null) await writeFrames({ frames: frames(), width, height, directory: framesDir, signal })
  const poster = posterOf(output)
  await writePoster({ frame: await raw.frame(0), width, height, output: poster })
  const files: FormattedFile[] = []
  for (const { format, crf } of clip.files) {
    const file = clipFile(output, format)
    const settings = { width, height, fps, crf, output: file, metadata, ffmpegPath, signal }
    await ENCODERS[format].encode({ ...settings, frames: () => frames(order) })
    files.push({ format, ...(await describeFile(file, signal)) })
  }
  const [video] = files
  if (video === undefined) throw new Error(`${output}: a clip needs at least one format; none was given`)
  return {
    video,
    files,
    poster: await describeFile(poster, signal),
    framesDir,
    frameCount: order.length,
    seconds: (performance.now() - started) / 1000,
  }
}

/** Each call goes through frames, and reports each as a step after those of the call before. */
const reportedFrames = (raw: RawFrames, steps: number, onProgress: ClipToFinish['onProgress'] = () => {}) => {
  let step = 0
  const report = (): void => onProgress({ phase: 'encode-video', step, steps })
  report()
  return async function* (order?: Iterable<number>) {
    for await (const frame of raw.frames(order)) {
      yield frame
      step++
      report()
    }
  }
}

import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import type { Progress } from '../pipeline/progress.ts'
import { encodeMp4 } from './encode-mp4.ts'
import { openRawFrames, type RawFrames } from './raw-frames.ts'
import type { FrameSize } from './rgb-frame.ts'
import { writeFrames } from './write-frames.ts'
import { posterOf, writePoster } from './write-poster.ts'
import { describeFile, type WrittenFile } from './written-file.ts'

export interface ClipToFinish extends FrameSize {
  /** A file of raw RGB24 frames, see raw-frames.ts; it stays. */
  readonly rawFrames: string
  /** Frames per second, a whole number from 1. */
  readonly fps: number
  /** Ends in `.mp4`; the poster is written beside it, see `posterOf`. */
  readonly output: string
  /** Folder for a lossless PNG of each frame, `0000.png` on, or null. */
  readonly framesDir: string | null
  /** Written into the MP4; `null` or absent: none. */
  readonly metadata?: ClipMetadata | null
  readonly ffmpegPath: string
  readonly signal: AbortSignal
  /** Steps are frames: of the PNGs, if there are any, then of the MP4. */
  readonly onProgress?: (progress: Progress) => void
}

export interface FinishedClip {
  readonly video: WrittenFile
  readonly poster: WrittenFile
  readonly framesDir: string | null
  readonly frameCount: number
  /** From opening the raw frames to the last hash. */
  readonly seconds: number
}

/**
 * Rendered frames become files: PNGs, poster, MP4, in this order, each whole or not there. Needs no network and no
 * more memory than a few frames, so that it can go on while the next clip renders. After an error or an abort
 * (rejects with the signal's reason) no program is left running; what was written before stays.
 */
export const finishClip = async (clip: ClipToFinish): Promise<FinishedClip> => {
  const started = performance.now()
  const { width, height, fps, output, framesDir, metadata = null, ffmpegPath, signal } = clip
  signal.throwIfAborted()
  await using raw = await openRawFrames(clip.rawFrames, { width, height })
  const frames = countedPasses(raw, framesDir === null ? 1 : 2, clip.onProgress)
  if (framesDir !== null) await writeFrames({ frames: frames(), width, height, directory: framesDir, signal })
  const poster = posterOf(output)
  await writePoster({ frame: await raw.frame(0), width, height, output: poster })
  await encodeMp4({ frames: frames(), width, height, fps, output, metadata, ffmpegPath, signal })
  return {
    video: await describeFile(output, signal),
    poster: await describeFile(poster, signal),
    framesDir,
    frameCount: raw.frameCount,
    seconds: (performance.now() - started) / 1000,
  }
}

/** Each call goes through all frames, and counts on from the call before. */
const countedPasses = (raw: RawFrames, passes: number, onProgress: ClipToFinish['onProgress'] = () => {}) => {
  const steps = passes * raw.frameCount
  let step = 0
  const report = (): void => onProgress({ phase: 'encode-video', step, steps })
  report()
  return async function* () {
    for await (const frame of raw.frames()) {
      yield frame
      step++
      report()
    }
  }
}

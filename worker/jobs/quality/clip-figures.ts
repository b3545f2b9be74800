import { openRawFrames } from '../../video/raw-frames.ts'
import type { FrameSize } from '../../video/rgb-frame.ts'
import { type DecodeCut, seamsOf } from './decode-seams.ts'
import { changeBetween, type Levels, levelsOf, medianOf, psnrBetween } from './frame-figures.ts'

/** Frames as the renderer leaves them; both files hold raw RGB24, see video/raw-frames.ts. */
export interface RawClip extends FrameSize, DecodeCut {
  readonly frames: string
  /** The image at the clip's size: one frame. */
  readonly fitted: string
}

/** Figures by which a clip is checked, in 8-bit levels. */
export interface ClipFigures {
  readonly image: Levels
  readonly frames: readonly Levels[]
  /** Change i is that from frame i to i + 1; none for one frame. */
  readonly changes: readonly number[]
  /** Indices of the changes at which decode chunks meet. */
  readonly seams: ReadonlySet<number>
  readonly firstFramePsnrDb: number
}

/** Measures the frames one by one. Keeps the image, the frame before and the current frame in memory. */
export const measureFrames = async (
  frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  image: Uint8Array,
  cut: DecodeCut,
  signal: AbortSignal,
): Promise<ClipFigures> => {
  const levels: Levels[] = []
  const changes: number[] = []
  let firstFramePsnrDb = 0
  let before: Uint8Array | null = null
  for await (const frame of frames) {
    signal.throwIfAborted()
    levels.push(levelsOf(frame))
    if (before === null) firstFramePsnrDb = psnrBetween(image, frame)
    else changes.push(changeBetween(before, frame))
    before = frame
  }
  return { image: levelsOf(image), frames: levels, changes, seams: seamsOf(cut), firstFramePsnrDb }
}

/** Throws if a file is missing or of another size than said. */
export const measureClip = async (clip: RawClip, signal: AbortSignal): Promise<ClipFigures> => {
  await using raw = await openRawFrames(clip.frames, clip)
  if (raw.frameCount !== clip.frameCount) {
    throw new Error(`${clip.frames} holds ${raw.frameCount} frames, not the ${clip.frameCount} of the clip`)
  }
  await using fitted = await openRawFrames(clip.fitted, clip)
  return await measureFrames(raw.frames(), await fitted.frame(0), clip, signal)
}

/** Below any change that an eye would make out; keeps a ratio to it finite. */
const LEAST_CHANGE = 0.1

export interface SeamChange {
  /** From this frame to the next. */
  readonly frame: number
  readonly change: number
  /** Median of the changes elsewhere: the first and the last frame often differ more from their neighbours. */
  readonly elsewhere: number
  readonly ratio: number
}

/** The largest change where decode chunks meet; `null` if they meet nowhere, or between all frames. */
export const largestSeamChange = ({ changes, seams }: ClipFigures): SeamChange | null => {
  const elsewhere = changes.filter((_, i) => !seams.has(i))
  if (seams.size === 0 || elsewhere.length === 0) return null
  const frame = [...seams].reduce((largest, i) => (changes[i]! > changes[largest]! ? i : largest))
  const change = changes[frame]!
  const median = medianOf(elsewhere)
  return { frame, change, elsewhere: median, ratio: change / Math.max(median, LEAST_CHANGE) }
}

import type { RgbFrame } from '../pipeline/image/frames.ts'
import { writeRawFrames } from '../video/raw-frames.ts'
import type { FrameSize } from '../video/rgb-frame.ts'
import type { RawVideo } from './render-job.ts'

export interface RawVideosRequest extends FrameSize {
  /** Decoded frames of all videos in order; each is asked for when the one before is written. */
  readonly decoded: AsyncIterator<RgbFrame>
  readonly framesPerVideo: number
  /** A file for each video. */
  readonly outputs: readonly string[]
}

/** Writes each video's frames to its file, see raw-frames.ts. After an error the files written so far stay. */
export const writeRawVideos = async (request: RawVideosRequest): Promise<RawVideo[]> => {
  const { decoded, framesPerVideo, outputs, width, height } = request
  const videos: RawVideo[] = []
  for (const output of outputs) {
    let nonFiniteValues = 0
    const frames = async function* () {
      for (let frame = 0; frame < framesPerVideo; frame++) {
        const next = await decoded.next()
        if (next.done)
          throw new RangeError(`the decoder gave ${frame} frames of ${framesPerVideo} for ${output}`)
        nonFiniteValues += next.value.nonFiniteValues
        yield next.value.bytes
      }
    }
    const written = await writeRawFrames({ frames: frames(), width, height, output })
    videos.push({ path: output, ...written, nonFiniteValues })
  }
  return videos
}

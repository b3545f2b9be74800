import { readMp4 } from '../../video/read-mp4.ts'
import type { FrameSize } from '../../video/rgb-frame.ts'

export interface ExpectedVideo extends FrameSize {
  readonly frameCount: number
}

export interface ContainerCheck {
  /** Frame count; 0 if the MP4 cannot be read. */
  readonly frames: number
  readonly faults: readonly string[]
}

/** Compares frame count and size in an MP4's metadata with the expected ones. Throws if the file cannot be opened. */
export const checkContainer = async (video: string, expected: ExpectedVideo): Promise<ContainerCheck> => {
  try {
    const { frameCount, width, height } = await readMp4(video)
    const faults = []
    if (frameCount !== expected.frameCount)
      faults.push(`the MP4 has ${frameCount} frames; ${expected.frameCount} are expected`)
    if (width !== expected.width || height !== expected.height)
      faults.push(`the MP4 is ${width}x${height}; ${expected.width}x${expected.height} is expected`)
    return { frames: frameCount, faults }
  } catch (error) {
    const { cause } = error as Error
    // A file that is not there says nothing of the clip.
    if (!(error instanceof Error) || 'code' in error || (cause instanceof Error && 'code' in cause))
      throw error
    const reason = cause instanceof Error ? cause.message : error.message
    return { frames: 0, faults: [`the MP4 cannot be read: ${reason}`] }
  }
}

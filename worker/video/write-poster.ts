import { writeFile } from 'node:fs/promises'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import { encodeFramePng } from './encode-frame-png.ts'
import type { FrameSize } from './rgb-frame.ts'

export interface PosterRequest extends FrameSize {
  /** RGB24, usually the first frame of the video. */
  readonly frame: Uint8Array
  readonly output: string
}

/** Writes one frame as a PNG, whole or not at all. */
export const writePoster = async ({ frame, width, height, output }: PosterRequest): Promise<void> => {
  const png = await encodeFramePng(frame, 0, { width, height })
  await writeThenRename(output, (temporary) => writeFile(temporary, png))
}

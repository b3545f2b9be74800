import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import { encodeFramePng } from './encode-frame-png.ts'
import type { FrameSize } from './rgb-frame.ts'

/** Name of a frame's file, by its position from 0. */
export const frameName = (index: number): string => `${String(index).padStart(4, '0')}.png`

export interface FramesRequest extends FrameSize {
  /** RGB24 images in order. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  readonly directory: string
  readonly signal: AbortSignal
}

/**
 * Writes each frame losslessly as `0000.png`, `0001.png`… and returns the paths. A file there is always whole;
 * after an abort the frames written so far stay.
 */
export const writeFrames = async (request: FramesRequest): Promise<string[]> => {
  const { frames, directory, signal, ...size } = request
  const files: string[] = []
  for await (const frame of frames) {
    signal.throwIfAborted()
    const png = await encodeFramePng(frame, files.length, size)
    const file = path.join(directory, frameName(files.length))
    await writeThenRename(file, (temporary) => writeFile(temporary, png))
    files.push(file)
  }
  return files
}

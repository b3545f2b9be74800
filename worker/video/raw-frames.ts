import { type FileHandle, open } from 'node:fs/promises'
import { frameOrder } from './frame-order.ts'
import { assertRgbFrame, type FrameSize, rgbFrameBytes } from './rgb-frame.ts'

/*
 * A file of raw frames: RGB24 images one after the other, without header or padding. Width and height are told
 * beside it. The process that runs the networks writes one, the process that encodes reads it: clips of any length
 * pass between them, and neither holds more than a frame.
 */

export interface RawFramesRequest extends FrameSize {
  /** RGB24 images in order, written as they come. */
  readonly frames: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  readonly output: string
}

/** Writes the file anew. Throws what `frames` throws, and an error that names the file where it cannot be written. */
export const writeRawFrames = async ({
  frames,
  output,
  ...size
}: RawFramesRequest): Promise<{ readonly frameCount: number; readonly sizeBytes: number }> => {
  let frameCount = 0
  await using file = await open(output, 'w')
  for await (const frame of frames) {
    assertRgbFrame(frame, frameCount, size)
    await append(file, frame, `${output}: frame ${frameCount}`)
    frameCount++
  }
  return { frameCount, sizeBytes: frameCount * rgbFrameBytes(size) }
}

const append = async (file: FileHandle, frame: Uint8Array, what: string): Promise<void> => {
  try {
    await file.appendFile(frame)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOSPC' ? 'the disk is full' : message
    throw new Error(`${what} (${frame.length} bytes) could not be written: ${why}`, { cause })
  }
}

export interface RawFrames extends AsyncDisposable {
  readonly frameCount: number
  /** From 0. */
  frame(index: number): Promise<Uint8Array>
  /** Frames in the order given, by default all of them. Each is read when it is asked for. */
  frames(order?: Iterable<number>): AsyncGenerator<Uint8Array>
}

/** Opens a file of raw frames. Throws, naming it, if it is empty or ends within a frame. */
export const openRawFrames = async (path: string, size: FrameSize): Promise<RawFrames> => {
  const frameBytes = rgbFrameBytes(size)
  const file = await open(path)
  const sizeBytes = await file.stat().then((stats) => stats.size)
  const frameCount = sizeBytes / frameBytes
  if (frameCount === 0 || !Number.isInteger(frameCount)) {
    await file.close()
    throw new Error(
      `${path} has ${sizeBytes} bytes; frames of ${size.width}x${size.height} RGB24 take ${frameBytes} each`,
    )
  }
  const frame = async (index: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(frameBytes)
    const { bytesRead } = await file.read(bytes, { position: index * frameBytes })
    assertRgbFrame(bytes.subarray(0, bytesRead), index, size)
    return bytes
  }
  return {
    frameCount,
    frame,
    async *frames(order = frameOrder(frameCount, false)) {
      for (const index of order) yield await frame(index)
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

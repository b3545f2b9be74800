import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { type EncodeFile, writeAsAsked } from './encode-file.ts'
import { encodeFramePng } from './encode-frame-png.ts'
import { countedFrames, type FramesToEncode } from './frames-to-encode.ts'
import { readPngZip } from './read-png-zip.ts'
import { stoppable } from './stoppable.ts'
import { frameName } from './write-frames.ts'

/** PNGs are compressed already. A fixed time in the clock of the machine, the earliest of ZIP, gives the same bytes anywhere. */
const ENTRY = {
  compress: false,
  mtime: new Date(1980, 0, 1),
  forceDosTimestamp: true,
  mode: 0o100644,
} as const

const writeZip = async (clip: FramesToEncode, file: string, signal: AbortSignal): Promise<number> => {
  const zip = new ZipFile()
  // yazl makes a PassThrough and writes to it without waiting, so this function waits for it.
  const stream = zip.outputStream as PassThrough
  const written = pipeline(stream, createWriteStream(file), { signal })
  written.catch(() => {})
  const count = { frames: 0 }
  let index = 0
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {})
  const stop = (): void => stopped.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    for await (const frame of stoppable(countedFrames(clip, count), stopped.promise)) {
      zip.addBuffer(await encodeFramePng(frame, index, clip), frameName(index), ENTRY)
      if (stream.writableNeedDrain) await Promise.race([once(stream, 'drain', { signal }), written])
      index++
    }
    zip.end()
  } catch (error) {
    stream.destroy()
    await written.catch(() => {})
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
  await written
  return count.frames
}

/** A ZIP of lossless PNGs, `0000.png` on, one for each frame. It has no rate. */
export const encodePngZip: EncodeFile = (request) =>
  writeAsAsked(request, {
    write: (clip, file) => writeZip(clip, file, request.signal),
    readBack: readPngZip,
  })

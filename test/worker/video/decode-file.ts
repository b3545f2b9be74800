import { execFile } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { openPromise } from 'yauzl'
import type { ClipFormat } from '../../../shared/contracts/clip-format.ts'

const run = promisify(execFile)

const decodeZip = async (file: string): Promise<Uint8Array[]> => {
  const zip = await openPromise(file, { autoClose: false })
  const frames: Uint8Array[] = []
  for await (const entry of zip.eachEntry()) {
    const png = await buffer(await zip.openReadStreamPromise(entry))
    frames.push(await sharp(png).raw().toBuffer())
  }
  zip.close()
  return frames
}

export interface DecodedFile {
  readonly format: ClipFormat
  readonly file: string
  readonly width: number
  readonly height: number
  readonly ffmpegPath: string
}

/** Every frame of a file, decoded to RGB24 by another path than the one that wrote it. */
export const decodeFile = async ({
  format,
  file,
  width,
  height,
  ffmpegPath,
}: DecodedFile): Promise<Uint8Array[]> => {
  if (format === 'png') return decodeZip(file)
  const { stdout } = await run(
    ffmpegPath,
    [
      ...['-i', file, '-vsync', '0'],
      ...['-vf', 'scale=in_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp'],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 2 ** 30 },
  )
  const frameBytes = width * height * 3
  return Array.from({ length: stdout.length / frameBytes }, (_, index) =>
    Uint8Array.from(stdout.subarray(index * frameBytes, (index + 1) * frameBytes)),
  )
}

import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type EncodeFile, encodeFile, type FileRequest, REPRODUCIBLE, runPass } from './encode-file.ts'
import { readContainer } from './read-container.ts'

/** A palette is an image of 16 x 16 colours. */
const PALETTE = ['-f', 'rawvideo', '-pixel_format', 'bgra', '-video_size', '16x16']

const makePalette = async (request: FileRequest, output: string): Promise<void> => {
  const { ffmpegPath, signal } = request
  const outputOptions = ['-filter:v', 'palettegen=stats_mode=full', '-f', 'rawvideo', '-pix_fmt', 'bgra']
  await runPass({ ...request, frames: request.frames() }, { ffmpegPath, signal, outputOptions, output })
}

/**
 * An endless GIF of 256 colours that are chosen from all frames. It reads the frames twice, because ffmpeg would
 * otherwise keep them all in memory until it knows the colours. Frames last whole hundredths of a second.
 */
export const encodeGif: EncodeFile = async (request) => {
  const { dir, base } = path.parse(path.resolve(request.output))
  const palette = path.join(dir, `.svd-${base}.palette.partial`)
  try {
    await makePalette(request, palette)
    return await encodeFile(request, {
      outputOptions: [
        ...[...PALETTE, '-framerate', String(request.fps), '-i', palette],
        ...['-filter_complex', '[0:v][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle'],
        ...['-c:v', 'gif', '-threads', '1', '-loop', '0', '-f', 'gif'],
        ...REPRODUCIBLE,
      ],
      readBack: (file) => readContainer(file, request),
    })
  } finally {
    await rm(palette, { force: true })
  }
}

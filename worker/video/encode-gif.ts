import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type EncodeFile, encodeFile, type FileRequest, REPRODUCIBLE } from './encode-file.ts'
import { countedFrames, rawInputOptions } from './frames-to-encode.ts'
import { runFfmpeg } from './run-ffmpeg.ts'

/** A palette is an image of 16 x 16 colours. */
const PALETTE = ['-f', 'rawvideo', '-pixel_format', 'bgra', '-video_size', '16x16']

const makePalette = async (request: FileRequest, palette: string): Promise<void> => {
  const clip = { ...request, frames: request.frames() }
  await runFfmpeg({
    ffmpegPath: request.ffmpegPath,
    input: countedFrames(clip, { frames: 0 }),
    inputOptions: rawInputOptions(clip),
    outputOptions: ['-filter:v', 'palettegen=stats_mode=full', '-f', 'rawvideo', '-pix_fmt', 'bgra'],
    output: palette,
    signal: request.signal,
  })
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
    })
  } finally {
    await rm(palette, { force: true })
  }
}

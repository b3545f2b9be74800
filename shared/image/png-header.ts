import { pngChunks } from './png-chunks.ts'

const COLOUR_TYPE_OFFSET = 25
const GREY = 0

/** Whether a PNG file's header says greyscale without alpha. */
export const isGreyPng = (bytes: Uint8Array): boolean => bytes[COLOUR_TYPE_OFFSET] === GREY

const FRAME_CONTROL_BYTES = 8
const MAX_FRAMES = 2 ** 31

export interface PngFrames {
  /** Frames of the animation that the file says it is (APNG: an `acTL` chunk before its pixels). 1 if it is none. */
  readonly animation: number
  /** Images in the file: those frames, and a still image that is not one of them. */
  readonly images: number
}

/** Frames of a PNG file. As in Pillow, a count that cannot be, or a second one, leaves a still image. */
export const pngFrames = (bytes: Uint8Array): PngFrames => {
  let frames: number | null = null
  let pixelsAreFrame = false
  for (const { name, data } of pngChunks(bytes)) {
    if (name === 'IDAT') break
    if (name === 'fcTL') pixelsAreFrame = true
    if (name !== 'acTL' || data.length < FRAME_CONTROL_BYTES) continue
    const count = data.readUInt32BE(0)
    if (frames !== null) frames = null
    else if (count > 0 && count <= MAX_FRAMES) frames = count
  }
  if (frames === null) return { animation: 1, images: 1 }
  return { animation: frames, images: pixelsAreFrame ? frames : frames + 1 }
}

import type { FitMode } from '../../../shared/contracts/fit-mode.ts'
import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import { resizeLanczos } from './resize-lanczos.ts'

/*
 * How an image of one shape becomes a clip of another:
 *
 * - `fill`: stretched to the clip's size; the aspect ratio is lost. What the reference does
 *   (`resize_mode="default"` of diffusers' VaeImageProcessor, whose own "fill" is something else).
 * - `crop`: scaled to cover, what sticks out is cut off on both sides alike (`resize_mode="crop"` there).
 * - `pad`: scaled to fit, centred, with black bars (no mode there: its "fill" smears the edges instead).
 */

interface Size {
  readonly width: number
  readonly height: number
}

/** The image's size with one side equal to the clip's; the other is rounded down, as diffusers does. */
const scaledSize = (image: Size, target: Size, mode: 'crop' | 'pad'): Size => {
  const targetIsWider = target.width * image.height > image.width * target.height
  if (targetIsWider === (mode === 'crop')) {
    return {
      width: target.width,
      height: Math.max(1, Math.floor((image.height * target.width) / image.width)),
    }
  }
  return {
    width: Math.max(1, Math.floor((image.width * target.height) / image.height)),
    height: target.height,
  }
}

/** Copies `image` onto black, middle on middle; what lies outside is cut off. */
const centred = (image: RgbImage, { width, height }: Size): RgbImage => {
  const data = new Uint8Array(width * height * RGB_CHANNELS)
  const left = Math.floor(width / 2) - Math.floor(image.width / 2)
  const top = Math.floor(height / 2) - Math.floor(image.height / 2)
  const from = Math.max(0, left)
  const to = Math.min(width, left + image.width)
  for (let y = Math.max(0, top); y < Math.min(height, top + image.height); y++) {
    const start = ((y - top) * image.width + from - left) * RGB_CHANNELS
    const row = image.data.subarray(start, start + (to - from) * RGB_CHANNELS)
    data.set(row, (y * width + from) * RGB_CHANNELS)
  }
  return { width, height, data }
}

/** Brings an image to width × height pixels. */
export const fitImage = (image: RgbImage, width: number, height: number, mode: FitMode): RgbImage => {
  if (mode === 'fill') return resizeLanczos(image, width, height)
  const target = { width, height }
  const scaled = scaledSize(image, target, mode)
  return centred(resizeLanczos(image, scaled.width, scaled.height), target)
}

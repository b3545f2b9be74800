import { RGB_CHANNELS } from '../../../shared/image/rgb-image.ts'
import type { Tensor } from '../../engine/tensor.ts'

export interface RgbFrame {
  /** RGB24: rows from the top, three bytes per pixel. */
  readonly bytes: Uint8Array
  /** Count of the network's values that were NaN or infinite. Above 0, they overflowed, and `bytes` is not an image. */
  readonly nonFiniteValues: number
}

/** Added and taken away again, it makes a double below 2^51 a whole number, halves to even. */
const ROUNDING_SHIFT = 1.5 * 2 ** 52

/** From -1..1 to 0..255, with the float32 roundings of the reference; NaN stays NaN, which as a byte is 0. */
const toByte = (value: number): number => {
  const unit = Math.min(1, Math.max(0, Math.fround(value * 0.5 + 0.5)))
  return Math.fround(unit * 255) + ROUNDING_SHIFT - ROUNDING_SHIFT
}

/**
 * A decoded frame, [3, height, width], as RGB bytes: the same as diffusers'
 * `VideoProcessor.postprocess_video(video, "pil")`. A value that is not finite becomes black or white, as there, but
 * is counted, because it must not pass for an image.
 */
export const toRgbFrame = ({ data }: Tensor): RgbFrame => {
  const pixels = data.length / RGB_CHANNELS
  const bytes = new Uint8Array(data.length)
  let nonFiniteValues = 0
  for (let channel = 0; channel < RGB_CHANNELS; channel++) {
    for (let i = 0; i < pixels; i++) {
      const value = data[channel * pixels + i]!
      if (!Number.isFinite(value)) nonFiniteValues++
      bytes[i * RGB_CHANNELS + channel] = toByte(value)
    }
  }
  return { bytes, nonFiniteValues }
}

import { RGB_CHANNELS } from '../../../shared/image/rgb-image.ts'
import type { Tensor } from '../../engine/tensor.ts'

/** A network's output holds NaN or infinity. Rendering the same again on a safer path (float32 decode) may help. */
export class NotFiniteError extends Error {
  override readonly name = 'NotFiniteError'
  /** The first frame that holds such a value, from 0. */
  readonly frame: number

  constructor(frame: number, value: number) {
    super(`the decoded video holds ${value} in frame ${frame}: the networks' numbers overflowed`)
    this.frame = frame
  }
}

/** Added and taken away again, it makes a double below 2^51 a whole number, halves to even. */
const ROUNDING_SHIFT = 1.5 * 2 ** 52

/** From -1..1 to 0..255, with the float32 roundings of the reference; NaN stays NaN. */
const toByte = (value: number): number => {
  const unit = Math.min(1, Math.max(0, Math.fround(value * 0.5 + 0.5)))
  return Math.fround(unit * 255) + ROUNDING_SHIFT - ROUNDING_SHIFT
}

/**
 * Decoded frames, [frames, 3, height, width], as RGB bytes per frame: the same as diffusers'
 * `VideoProcessor.postprocess_video(video, "pil")`.
 *
 * @throws NotFiniteError if a value is NaN or infinite, which the reference would show as black or white.
 */
export const toRgbFrames = (decoded: Tensor): Uint8Array[] => {
  const [frames = 0, , height = 0, width = 0] = decoded.shape
  const frameSize = RGB_CHANNELS * height * width
  return Array.from({ length: frames }, (_, frame) =>
    toRgbFrame(decoded.data.subarray(frame * frameSize, (frame + 1) * frameSize), frame),
  )
}

const toRgbFrame = (planes: Float32Array, frame: number): Uint8Array => {
  const pixels = planes.length / RGB_CHANNELS
  const bytes = new Uint8Array(planes.length)
  for (let channel = 0; channel < RGB_CHANNELS; channel++) {
    for (let i = 0; i < pixels; i++) {
      const value = planes[channel * pixels + i]!
      if (!Number.isFinite(value)) throw new NotFiniteError(frame, value)
      bytes[i * RGB_CHANNELS + channel] = toByte(value)
    }
  }
  return bytes
}

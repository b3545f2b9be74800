import { RGB_CHANNELS, type RgbImage } from './rgb-image.ts'

/** A decoded file's pixels before any conversion. */
export interface RawImage {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: Uint8Array | Uint16Array
  /** `grey16` is 16-bit greyscale without alpha; further channels of the others are alpha. */
  readonly mode: 'grey' | 'grey16' | 'rgb' | 'cmyk'
}

/** a × b / 255, rounded, in Pillow's integer arithmetic. */
const timesUnit = (a: number, b: number): number => {
  const product = a * b + 128
  return (product + (product >> 8)) >> 8
}

/** Copies each output channel from its channel in `sources`, for modes that only copy bytes. */
const copied = (raw: RawImage, sources: readonly [number, number, number]): Uint8Array => {
  const shift = raw.data instanceof Uint16Array ? 8 : 0
  const pixels = raw.width * raw.height
  const data = new Uint8Array(pixels * RGB_CHANNELS)
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += raw.channels, to += RGB_CHANNELS) {
    data[to] = raw.data[from + sources[0]]! >> shift
    data[to + 1] = raw.data[from + sources[1]]! >> shift
    data[to + 2] = raw.data[from + sources[2]]! >> shift
  }
  return data
}

/** Pillow's mode `I;16` to RGB: levels above 255 are clipped, not scaled. */
const clippedGrey = (raw: RawImage): Uint8Array => {
  const levels = Uint8Array.from({ length: raw.width * raw.height }, (_, i) =>
    Math.min(255, raw.data[i * raw.channels]!),
  )
  return copied({ ...raw, data: levels, channels: 1 }, [0, 0, 0])
}

/** Pillow's formula, without any colour profile. */
const fromCmyk = (raw: RawImage): Uint8Array => {
  const pixels = raw.width * raw.height
  const data = new Uint8Array(pixels * RGB_CHANNELS)
  for (let i = 0; i < pixels; i++) {
    const from = i * raw.channels
    const light = 255 - raw.data[from + 3]!
    for (let channel = 0; channel < RGB_CHANNELS; channel++) {
      data[i * RGB_CHANNELS + channel] = light - timesUnit(raw.data[from + channel]!, light)
    }
  }
  return data
}

const rgbBytes = (raw: RawImage): Uint8Array => {
  if (raw.mode === 'grey') return copied(raw, [0, 0, 0])
  if (raw.mode === 'grey16') return clippedGrey(raw)
  if (raw.mode === 'cmyk') return fromCmyk(raw)
  return copied(raw, [0, 1, 2])
}

/**
 * Pixels to 8-bit RGB as PIL's `Image.open(...).convert('RGB')` does: alpha is dropped (not blended), greyscale
 * repeated, of 16-bit colours the high byte is taken.
 */
export const rawToRgb = (raw: RawImage): RgbImage => ({
  width: raw.width,
  height: raw.height,
  data: rgbBytes(raw),
})

import type { Tensor } from '../../engine/tensor.ts'
import { antialiasTaps, type Taps } from './antialias-taps.ts'
import { RGB_CHANNELS, type RgbImage } from './rgb-image.ts'
import { SIGNED_UNIT_OF_BYTE } from './signed-unit.ts'

/** What the CLIP input needs of `feature_extractor/preprocessor_config.json` and the image encoder's config. */
export interface ClipExtractor {
  /** Side of the network's square input in pixels. The reference knows 224 only. */
  readonly imageSize: number
  readonly imageMean: readonly number[]
  readonly imageStd: readonly number[]
}

const f = Math.fround

/** Every row weighted across: [height, size, 3] in float64, values from -1 to 1. */
const resizedAcross = (image: RgbImage, taps: readonly Taps[]): Float64Array => {
  const rows = new Float64Array(image.height * taps.length * RGB_CHANNELS)
  let out = 0
  for (let y = 0; y < image.height; y++) {
    for (const { first, weights } of taps) {
      let pixel = (y * image.width + first) * RGB_CHANNELS
      let r = 0
      let g = 0
      let b = 0
      for (const weight of weights) {
        r += weight * SIGNED_UNIT_OF_BYTE[image.data[pixel]!]!
        g += weight * SIGNED_UNIT_OF_BYTE[image.data[pixel + 1]!]!
        b += weight * SIGNED_UNIT_OF_BYTE[image.data[pixel + 2]!]!
        pixel += RGB_CHANNELS
      }
      rows[out] = r
      rows[out + 1] = g
      rows[out + 2] = b
      out += RGB_CHANNELS
    }
  }
  return rows
}

/** One output row, [size, 3]. */
const resizedDown = (rows: Float64Array, { first, weights }: Taps, rowLength: number): Float64Array => {
  const sums = new Float64Array(rowLength)
  weights.forEach((weight, k) => {
    const row = (first + k) * rowLength
    for (let i = 0; i < rowLength; i++) sums[i]! += weight * rows[row + i]!
  })
  return sums
}

/**
 * A picture as CLIP takes it, [1, 3, imageSize, imageSize]: resized to a square with antialiasing from the
 * original picture (the aspect ratio is lost), then normalised per channel. The reference:
 * StableVideoDiffusionPipeline._encode_image and its CLIPImageProcessor with `do_normalize` alone.
 *
 * The reference sums in float32 in an order of its own, here sums are float64: they differ by rounding only.
 * It resizes to 224x224 whatever the config says, so an encoder of another `image_size` refuses its input;
 * here the picture is resized to the encoder's size.
 */
export const toClipInput = (image: RgbImage, extractor: ClipExtractor): Tensor => {
  const size = extractor.imageSize
  const rowLength = size * RGB_CHANNELS
  const rows = resizedAcross(image, antialiasTaps(image.width, size))
  const data = new Float32Array(RGB_CHANNELS * size * size)
  antialiasTaps(image.height, size).forEach((taps, y) => {
    const row = resizedDown(rows, taps, rowLength)
    for (let channel = 0; channel < RGB_CHANNELS; channel++) {
      const mean = f(extractor.imageMean[channel]!)
      const std = f(extractor.imageStd[channel]!)
      for (let x = 0; x < size; x++) {
        const unit = f(f(f(row[x * RGB_CHANNELS + channel]!) + 1) / 2)
        data[(channel * size + y) * size + x] = f(unit - mean) / std
      }
    }
  })
  return { data, shape: [1, RGB_CHANNELS, size, size] }
}

import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import { CLIP_IMAGE_SIZE } from '../../checkpoint/component-fit.ts'
import type { Tensor } from '../../engine/tensor.ts'
import { type BicubicAxis, bicubicAxis, weightedSum } from './bicubic-axis.ts'
import { antialiasKernel, blurredAcross, blurredRow } from './gaussian-blur.ts'

/** Fields of `feature_extractor/preprocessor_config.json` that the CLIP input needs. */
export interface ClipExtractor {
  readonly imageMean: readonly number[]
  readonly imageStd: readonly number[]
}

const f = Math.fround

/** Bicubic interpolation of one row between columns, [size, 3]; `slots` says where a column of the image is. */
const interpolatedAcross = (row: Float32Array, { positions, weights }: BicubicAxis, slots: Int32Array) => {
  const values = new Float32Array((positions.length / 4) * RGB_CHANNELS)
  let out = 0
  for (let at = 0; at < positions.length; at += 4) {
    for (let channel = 0; channel < RGB_CHANNELS; channel++) {
      const value = (k: number): number => row[slots[positions[at + k]!]! * RGB_CHANNELS + channel]!
      values[out++] = weightedSum(weights, at, value(0), value(1), value(2), value(3))
    }
  }
  return values
}

/** The image at size × size, values around -1 to 1: blurred, then interpolated. Yields rows of [size, 3]. */
function* antialiasedRows(image: RgbImage, size: number): Generator<Float32Array> {
  const across = bicubicAxis(image.width, size)
  const down = bicubicAxis(image.height, size)
  // Interpolation reads few pixels of a large image, so only those are blurred.
  const columns = Int32Array.from(new Set(across.positions)).sort()
  const slots = new Int32Array(image.width)
  columns.forEach((column, slot) => {
    slots[column] = slot
  })
  const blurred = blurredAcross(image, columns, antialiasKernel(image.width / size))
  const kernel = antialiasKernel(image.height / size)
  const finished = new Map<number, Float32Array>()
  const rowAt = (y: number): Float32Array => {
    const known = finished.get(y)
    if (known !== undefined) return known
    const row = interpolatedAcross(
      blurredRow(blurred, columns.length * RGB_CHANNELS, y, kernel),
      across,
      slots,
    )
    finished.set(y, row)
    return row
  }
  for (let at = 0; at < down.positions.length; at += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => rowAt(down.positions[at + k]!)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    yield a.map((value, i) => weightedSum(down.weights, at, value, b[i]!, c[i]!, d[i]!))
  }
}

/**
 * An image as CLIP takes it, [1, 3, 224, 224]: resized to a square with antialiasing from the
 * original image (the aspect ratio is lost), then normalised per channel. The reference:
 * StableVideoDiffusionPipeline._encode_image and its CLIPImageProcessor with `do_normalize` alone.
 *
 * Equal bits, but for the blur's kernel: its exponentials and their sum are rounded differently here and there,
 * which is at most 2.4e-7 of the result.
 */
export const toClipInput = (image: RgbImage, extractor: ClipExtractor): Tensor => {
  const size = CLIP_IMAGE_SIZE
  const data = new Float32Array(RGB_CHANNELS * size * size)
  let y = 0
  for (const row of antialiasedRows(image, size)) {
    for (let channel = 0; channel < RGB_CHANNELS; channel++) {
      const mean = f(extractor.imageMean[channel]!)
      const std = f(extractor.imageStd[channel]!)
      for (let x = 0; x < size; x++) {
        const unit = f(f(row[x * RGB_CHANNELS + channel]! + 1) / 2)
        data[(channel * size + y) * size + x] = f(unit - mean) / std
      }
    }
    y++
  }
  return { data, shape: [1, RGB_CHANNELS, size, size] }
}

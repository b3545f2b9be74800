import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import { type Coefficients, lanczosCoefficients, PRECISION_BITS } from './lanczos-coefficients.ts'

const HALF = 1 << (PRECISION_BITS - 1)

/** Storing into clamped bytes does the clipping. */
const resizeRows = (image: RgbImage, { first, count, weights, stride }: Coefficients): RgbImage => {
  const width = first.length
  const source = image.data
  const data = new Uint8ClampedArray(width * image.height * RGB_CHANNELS)
  let out = 0
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width
    for (let x = 0; x < width; x++) {
      let r = HALF
      let g = HALF
      let b = HALF
      let pixel = (row + first[x]!) * RGB_CHANNELS
      const end = x * stride + count[x]!
      for (let k = x * stride; k < end; k++) {
        const weight = weights[k]!
        r = (r + source[pixel]! * weight) | 0
        g = (g + source[pixel + 1]! * weight) | 0
        b = (b + source[pixel + 2]! * weight) | 0
        pixel += RGB_CHANNELS
      }
      data[out] = r >> PRECISION_BITS
      data[out + 1] = g >> PRECISION_BITS
      data[out + 2] = b >> PRECISION_BITS
      out += RGB_CHANNELS
    }
  }
  return { width, height: image.height, data: new Uint8Array(data.buffer) }
}

const resizeColumns = (image: RgbImage, { first, count, weights, stride }: Coefficients): RgbImage => {
  const height = first.length
  const source = image.data
  const rowBytes = image.width * RGB_CHANNELS
  const data = new Uint8ClampedArray(rowBytes * height)
  const sums = new Int32Array(rowBytes)
  for (let y = 0; y < height; y++) {
    sums.fill(HALF)
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * stride + k]!
      const row = (first[y]! + k) * rowBytes
      for (let i = 0; i < rowBytes; i++) sums[i]! += Math.imul(source[row + i]!, weight)
    }
    const row = y * rowBytes
    for (let i = 0; i < rowBytes; i++) data[row + i] = sums[i]! >> PRECISION_BITS
  }
  return { width: image.width, height, data: new Uint8Array(data.buffer) }
}

/** Rows that the vertical pass reads. The other rows need not be resized horizontally. */
const neededRows = (image: RgbImage, { first, count }: Coefficients): { top: number; rows: RgbImage } => {
  const last = first.length - 1
  const top = first[0]!
  const height = first[last]! + count[last]! - top
  const rowBytes = image.width * RGB_CHANNELS
  return {
    top,
    rows: {
      width: image.width,
      height,
      data: image.data.subarray(top * rowBytes, (top + height) * rowBytes),
    },
  }
}

const acrossThenDown = (image: RgbImage, across: Coefficients, down: Coefficients): RgbImage => {
  const { top, rows } = neededRows(image, down)
  return resizeColumns(resizeRows(rows, across), { ...down, first: down.first.map((row) => row - top) })
}

/** Pillow's choice: down first if that loses more than twice as many rows as the pass across loses columns. */
const downFirst = (image: RgbImage, width: number, height: number): boolean =>
  height < image.height && image.height - height > 2 * (image.width - width)

/**
 * Resizes to width × height pixels with the same bytes as Pillow 13's `Image.resize((width, height), LANCZOS)`:
 * one pass across and one down, in fixed point with 8 bits between them, so that their order matters. (Older
 * Pillows always went across first.) A side that keeps its length keeps its pixels.
 */
export const resizeLanczos = (image: RgbImage, width: number, height: number): RgbImage => {
  const across = lanczosCoefficients(image.width, width)
  const down = lanczosCoefficients(image.height, height)
  if (width === image.width && height === image.height) return { width, height, data: image.data.slice() }
  if (width === image.width) return resizeColumns(image, down)
  if (height === image.height) return resizeRows(image, across)
  return downFirst(image, width, height)
    ? resizeRows(resizeColumns(image, down), across)
    : acrossThenDown(image, across, down)
}

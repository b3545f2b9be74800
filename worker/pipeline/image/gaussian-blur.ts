import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import { SIGNED_UNIT_OF_BYTE } from './signed-unit.ts'

const f = Math.fround

/** Standard deviation of a blur that is none: its kernel is 0, 1, 0 in float32. */
const SMALLEST_SIGMA = 0.001
const SMALLEST_KERNEL = 3

/**
 * The reference's antialiasing kernel for a side that shrinks by `factor`: σ = (factor - 1) / 2, of about 4σ values
 * (an odd number), float32. A side that does not shrink has the kernel 1.
 */
export const antialiasKernel = (factor: number): Float32Array => {
  const sigma = Math.max((factor - 1) / 2, SMALLEST_SIGMA)
  const least = Math.trunc(Math.max(4 * sigma, SMALLEST_KERNEL))
  const size = least % 2 === 0 ? least + 1 : least
  const middle = (size - 1) / 2
  const variance = f(f(sigma) * f(sigma))
  const kernel = Float32Array.from({ length: size }, (_, i) =>
    Math.exp(f(-((i - middle) ** 2) / f(2 * variance))),
  )
  const total = kernel.reduce((sum, weight) => f(sum + weight))
  return kernel[middle - 1] === 0 ? Float32Array.of(1) : kernel.map((weight) => weight / total)
}

/** The position itself, or its mirror image at the first or last one (which is not repeated). */
const reflected = (position: number, size: number): number => {
  const last = size - 1
  return last - Math.abs(last - Math.abs(position))
}

/** Every row of an image (values -1 to 1) blurred along itself, at the given columns alone: [height, columns, 3]. */
export const blurredAcross = (image: RgbImage, columns: Int32Array, kernel: Float32Array): Float32Array => {
  const reach = (kernel.length - 1) / 2
  const sources = Int32Array.from({ length: columns.length * kernel.length }, (_, i) => {
    const column = columns[Math.floor(i / kernel.length)]!
    return reflected(column + (i % kernel.length) - reach, image.width) * RGB_CHANNELS
  })
  const blurred = new Float32Array(image.height * columns.length * RGB_CHANNELS)
  const rowBytes = image.width * RGB_CHANNELS
  let out = 0
  for (let row = 0; row < image.data.length; row += rowBytes) {
    let tap = 0
    for (let column = 0; column < columns.length; column++) {
      let r = 0
      let g = 0
      let b = 0
      for (let k = 0; k < kernel.length; k++) {
        const pixel = row + sources[tap++]!
        const weight = kernel[k]!
        r = f(r + weight * SIGNED_UNIT_OF_BYTE[image.data[pixel]!]!)
        g = f(g + weight * SIGNED_UNIT_OF_BYTE[image.data[pixel + 1]!]!)
        b = f(b + weight * SIGNED_UNIT_OF_BYTE[image.data[pixel + 2]!]!)
      }
      blurred[out++] = r
      blurred[out++] = g
      blurred[out++] = b
    }
  }
  return blurred
}

/** One row, `rowLength` values, of `values` ([height, rowLength]) blurred downwards. */
export const blurredRow = (
  values: Float32Array,
  rowLength: number,
  row: number,
  kernel: Float32Array,
): Float32Array => {
  const height = values.length / rowLength
  const reach = (kernel.length - 1) / 2
  const sums = new Float32Array(rowLength)
  kernel.forEach((weight, k) => {
    const from = reflected(row + k - reach, height) * rowLength
    for (let i = 0; i < rowLength; i++) sums[i]! += weight * values[from + i]!
  })
  return sums
}

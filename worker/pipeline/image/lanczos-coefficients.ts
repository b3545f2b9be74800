const SUPPORT = 3

/** Fixed point of the weights: with 8 bits of pixel and 2 of headroom, a sum stays within 32 bits. */
export const PRECISION_BITS = 32 - 8 - 2

/** Input pixels that count for each output pixel, and their weights. */
export interface Coefficients {
  /** First input pixel of each output pixel. */
  readonly first: Int32Array
  /** Number of input pixels of each output pixel. */
  readonly count: Int32Array
  /** Weights in units of 2^-PRECISION_BITS; those of output pixel i start at i × stride. */
  readonly weights: Int32Array
  readonly stride: number
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI))

const lanczos = (x: number): number => (x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0)

const toFixedPoint = (weight: number): number =>
  Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5))

/**
 * Weights of Pillow's LANCZOS along one axis: three lobes, stretched when the image shrinks, cut off at the
 * edges and normalised to 1, then rounded. Source: Pillow's libImaging/Resample.c, precompute_coeffs.
 */
export const lanczosCoefficients = (inputSize: number, outputSize: number): Coefficients => {
  const scale = inputSize / outputSize
  const stretch = Math.max(scale, 1)
  const support = SUPPORT * stretch
  const stride = Math.ceil(support) * 2 + 1
  const first = new Int32Array(outputSize)
  const count = new Int32Array(outputSize)
  const weights = new Int32Array(outputSize * stride)
  const exact = new Float64Array(stride)
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale
    const from = Math.max(Math.trunc(center - support + 0.5), 0)
    const taps = Math.min(Math.trunc(center + support + 0.5), inputSize) - from
    let total = 0
    for (let k = 0; k < taps; k++) {
      const weight = lanczos((k + from - center + 0.5) * (1 / stretch))
      exact[k] = weight
      total += weight
    }
    for (let k = 0; k < taps; k++) {
      weights[i * stride + k] = toFixedPoint(total === 0 ? exact[k]! : exact[k]! / total)
    }
    first[i] = from
    count[i] = taps
  }
  return { first, count, weights, stride }
}

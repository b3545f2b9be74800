const f = Math.fround

/** Catmull-Rom-like cubic of PyTorch's bicubic interpolation. */
const CUBIC_A = -0.75

/** Standard deviation of a blur that is none: its kernel is 0, 1, 0 in float32. */
const SMALLEST_SIGMA = 0.001
const SMALLEST_KERNEL = 3

/** For each output position: the input positions that count (`first` onwards) and their weights. */
export interface Taps {
  readonly first: number
  readonly weights: Float64Array
}

const gaussianKernel = (factor: number): Float32Array => {
  const sigma = Math.max((factor - 1) / 2, SMALLEST_SIGMA)
  const least = Math.trunc(Math.max(4 * sigma, SMALLEST_KERNEL))
  const size = least % 2 === 0 ? least + 1 : least
  const middle = (size - 1) / 2
  const variance2 = f(2 * f(f(sigma) * f(sigma)))
  const kernel = Float32Array.from({ length: size }, (_, i) => Math.exp(f(-((i - middle) ** 2) / variance2)))
  const total = kernel.reduce((sum, weight) => f(sum + weight))
  return kernel.map((weight) => weight / total)
}

const nearCubic = (x: number): number => ((CUBIC_A + 2) * x - (CUBIC_A + 3)) * x * x + 1

const farCubic = (x: number): number => ((CUBIC_A * x - 5 * CUBIC_A) * x + 8 * CUBIC_A) * x - 4 * CUBIC_A

/** Weights of the four positions from one before `t = 0` to two after it. */
const cubicWeights = (t: number): readonly number[] => [
  farCubic(t + 1),
  nearCubic(t),
  nearCubic(1 - t),
  farCubic(2 - t),
]

const clamped = (position: number, size: number): number => Math.min(Math.max(position, 0), size - 1)

/** The position itself, or its mirror image at the first or last one (which is not repeated). */
const reflected = (position: number, size: number): number => {
  const last = size - 1
  return last - Math.abs(last - Math.abs(position))
}

/**
 * The reference's `_resize_with_antialiasing` along one axis, as one weighted sum per output position: Gaussian
 * blur (σ = (factor - 1) / 2, edges reflected), then bicubic interpolation with aligned corners (positions and
 * their fractions in float32, edges repeated). Blur and interpolation are both linear, so they can be joined;
 * only the blurred values that interpolation reads are ever computed.
 */
export const antialiasTaps = (inputSize: number, outputSize: number): readonly Taps[] => {
  const kernel = inputSize > outputSize ? gaussianKernel(inputSize / outputSize) : Float32Array.of(1)
  const reach = (kernel.length - 1) / 2
  const scale = outputSize > 1 ? f((inputSize - 1) / (outputSize - 1)) : 0
  return Array.from({ length: outputSize }, (_, i) => {
    const position = f(scale * i)
    const below = Math.min(Math.floor(position), inputSize - 1)
    const cubic = cubicWeights(Math.min(Math.max(position - below, 0), 1))
    const first = Math.max(0, below - 1 - reach)
    const weights = new Float64Array(Math.min(inputSize - 1, below + 2 + reach) - first + 1)
    cubic.forEach((cubicWeight, tap) => {
      const middle = clamped(below - 1 + tap, inputSize)
      kernel.forEach((blurWeight, k) => {
        weights[reflected(middle + k - reach, inputSize) - first]! += cubicWeight * blurWeight
      })
    })
    return { first, weights }
  })
}

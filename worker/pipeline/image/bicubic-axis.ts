import { fusedMultiplyAdd as fma } from '../random/fused-multiply-add.ts'

/** Along one axis, for output position i: the input positions 4i to 4i + 3 and their weights. */
export interface BicubicAxis {
  readonly positions: Int32Array
  readonly weights: Float32Array
}

const TAPS = 4
const f = Math.fround

/** PyTorch's cubic (a = -0.75), as its compiler rounds and fuses it in float32. */
const A = -0.75

const nearCubic = (x: number): number => f(f(f(fma(A + 2, x, -(A + 3)) * x) * x) + 1)

const farCubic = (x: number): number => f(f(fma(fma(A, x, -5 * A), x, 8 * A) * x) - 4 * A)

/**
 * Bicubic interpolation with aligned corners along one axis: positions and weights in float32, positions beyond the
 * edges repeat the edge. Equal bits with `torch.nn.functional.interpolate(mode="bicubic", align_corners=True)`.
 */
export const bicubicAxis = (inputSize: number, outputSize: number): BicubicAxis => {
  const scale = outputSize > 1 ? f((inputSize - 1) / (outputSize - 1)) : 0
  const positions = new Int32Array(TAPS * outputSize)
  const weights = new Float32Array(TAPS * outputSize)
  for (let i = 0; i < outputSize; i++) {
    const position = f(scale * i)
    const below = Math.min(Math.floor(position), inputSize - 1)
    const t = Math.min(f(position - below), 1)
    const rest = f(1 - t)
    weights.set([farCubic(f(t + 1)), nearCubic(t), nearCubic(rest), farCubic(f(rest + 1))], TAPS * i)
    for (let k = 0; k < TAPS; k++) {
      positions[TAPS * i + k] = Math.min(Math.max(below - 1 + k, 0), inputSize - 1)
    }
  }
  return { positions, weights }
}

/** The sum of four weighted values (weights `at` to `at + 3`), in PyTorch's order. */
export const weightedSum = (
  weights: Float32Array,
  at: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number => fma(d, weights[at + 3]!, fma(c, weights[at + 2]!, fma(a, weights[at]!, f(b * weights[at + 1]!))))

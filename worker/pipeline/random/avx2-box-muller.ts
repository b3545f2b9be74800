import { fusedMultiplyAdd as fma } from './fused-multiply-add.ts'

/**
 * The Box-Muller step of PyTorch's AVX2 kernel, float32 bit for bit.
 *
 * The kernel takes log, sine and cosine from the Cephes polynomials (Moshier; vectorised in sse_mathfun by
 * Pommier and avx_mathfun by Garberoglio), and its compiler fuses each multiplication into the addition that
 * uses it. Both leave an error of about one unit in the last place, which these functions share.
 * Source: torch 2.13.0, ATen/native/cpu/DistributionTemplates.h (NormalFill16) and avx_mathfun.h.
 */
const f = Math.fround

const TWO_PI = f(2 * Math.PI)
const FOUR_OVER_PI = f(4 / Math.PI)
const SQRT_HALF = f(Math.SQRT1_2)

/** ln 2 in two parts; the high part is short, so that its product with an exponent is exact. */
const LN2_HIGH = f(0.693359375)
const LN2_LOW = f(-2.1219444e-4)

const LOG_0 = f(7.0376836292e-2)
const LOG_1 = f(-1.151461031e-1)
const LOG_2 = f(1.167699874e-1)
const LOG_3 = f(-1.2420140846e-1)
const LOG_4 = f(1.4249322787e-1)
const LOG_5 = f(-1.6668057665e-1)
const LOG_6 = f(2.0000714765e-1)
const LOG_7 = f(-2.4999993993e-1)
const LOG_8 = f(3.3333331174e-1)

/** -π/4 in three parts, subtracted one after the other. */
const MINUS_QUARTER_PI_1 = f(-0.78515625)
const MINUS_QUARTER_PI_2 = f(-2.4187564849853516e-4)
const MINUS_QUARTER_PI_3 = f(-3.774894977445941e-8)

const SIN_0 = f(-1.9515295891e-4)
const SIN_1 = f(8.3321608736e-3)
const SIN_2 = f(-1.6666654611e-1)
const COS_0 = f(2.443315711809948e-5)
const COS_1 = f(-1.388731625493765e-3)
const COS_2 = f(4.166664568298827e-2)

const MANTISSA_MASK = 0x007fffff
const ONE_HALF_BITS = 0x3f000000
const EXPONENT_BIAS = 127

const scratch = new Float32Array(1)
const scratchBits = new Int32Array(scratch.buffer)

/** Natural logarithm of a positive, normal float32. */
export const logFloat32 = (value: number): number => {
  scratch[0] = value
  const valueBits = scratchBits[0]!
  scratchBits[0] = (valueBits & MANTISSA_MASK) | ONE_HALF_BITS
  const mantissa = scratch[0]! // from 0.5 to 1, exactly
  const small = mantissa < SQRT_HALF
  const e = (valueBits >>> 23) - EXPONENT_BIAS + (small ? 0 : 1)
  const x = f(small ? f(mantissa - 1) + mantissa : mantissa - 1)
  const z = f(x * x)
  let y = fma(LOG_0, x, LOG_1)
  y = fma(y, x, LOG_2)
  y = fma(y, x, LOG_3)
  y = fma(y, x, LOG_4)
  y = fma(y, x, LOG_5)
  y = fma(y, x, LOG_6)
  y = fma(y, x, LOG_7)
  y = fma(y, x, LOG_8)
  y = f(y * x)
  y = fma(y, z, f(e * LN2_LOW))
  y = f(y - 0.5 * z)
  return fma(e, LN2_HIGH, f(x + y))
}

/**
 * Turns 16 uniform numbers of [0, 1) into 16 normal ones, in place: numbers j and j + 8 become
 * r cos θ and r sin θ with r = √(-2 ln(1 - u[j])), θ = 2π u[j + 8].
 */
export const boxMuller16 = (values: Float32Array, offset: number): void => {
  for (let j = offset; j < offset + 8; j++) {
    const radius = f(Math.sqrt(f(-2 * logFloat32(f(1 - values[j]!)))))
    const theta = f(TWO_PI * values[j + 8]!)
    const octant = (Math.trunc(f(theta * FOUR_OVER_PI)) + 1) & ~1
    let x = fma(octant, MINUS_QUARTER_PI_1, theta)
    x = fma(octant, MINUS_QUARTER_PI_2, x)
    x = fma(octant, MINUS_QUARTER_PI_3, x)
    const z = f(x * x)
    const cosTail = f(fma(fma(COS_0, z, COS_1), z, COS_2) * z)
    const cosOfX = f(fma(cosTail, z, -0.5 * z) + 1)
    const sinTail = f(fma(fma(SIN_0, z, SIN_1), z, SIN_2) * z)
    const sinOfX = fma(sinTail, x, x)
    const swapped = (octant & 2) !== 0
    const sin = swapped ? cosOfX : sinOfX
    const cos = swapped ? sinOfX : cosOfX
    // Adding zero makes -0 into 0, as the kernel's "times 1 plus 0" does.
    values[j] = radius * (((octant + 2) & 4) !== 0 ? -cos : cos) + 0
    values[j + 8] = radius * ((octant & 4) !== 0 ? -sin : sin) + 0
  }
}

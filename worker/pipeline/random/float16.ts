const SMALLEST_NORMAL = 2 ** -14
const SUBNORMAL_STEP = 2 ** -24
const MANTISSA_BITS = 10
/** Added and taken away again, it makes a double round to the nearest integer, halves to even. */
const ROUNDING_SHIFT = 1.5 * 2 ** 52

const bits = new DataView(new ArrayBuffer(4))

const stepAt = (value: number): number => {
  const magnitude = Math.abs(value)
  if (magnitude < SMALLEST_NORMAL) return SUBNORMAL_STEP
  bits.setFloat32(0, magnitude)
  return 2 ** ((bits.getUint32(0) >>> 23) - 127 - MANTISSA_BITS)
}

/** The float16 nearest to a float32 below 65,520 in magnitude (ties to even, -0 kept), as a number. */
export const roundToFloat16 = (value: number): number => {
  const step = stepAt(value)
  const rounded = (value / step + ROUNDING_SHIFT - ROUNDING_SHIFT) * step
  return rounded === 0 ? value * 0 : rounded
}

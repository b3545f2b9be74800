/** 2^-24, the smallest positive float16: the unit of its subnormal numbers. */
const FLOAT16_SUBNORMAL_UNIT = 2 ** -24

const widenedFloat16 = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * FLOAT16_SUBNORMAL_UNIT
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

let table: Float32Array | undefined

/** IEEE binary16 bits to float32, exactly. */
export const float16ToFloat32 = (bits: Uint16Array): Float32Array => {
  table ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => widenedFloat16(pattern))
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

/** bfloat16 bits are the upper half of the float32 with the same value. */
export const bfloat16ToFloat32 = (bits: Uint16Array): Float32Array => {
  const words = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16
  return new Float32Array(words.buffer)
}

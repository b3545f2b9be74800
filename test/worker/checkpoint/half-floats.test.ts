import { describe, expect, test } from 'vitest'
import { bfloat16ToFloat32, float16ToFloat32 } from '../../../worker/checkpoint/half-floats.ts'

describe('float16ToFloat32', () => {
  test.each([
    ['zero', 0x0000, 0],
    ['negative zero', 0x8000, -0],
    ['the smallest subnormal number', 0x0001, 2 ** -24],
    ['the largest subnormal number', 0x03ff, 1023 * 2 ** -24],
    ['the smallest normal number', 0x0400, 2 ** -14],
    ['one', 0x3c00, 1],
    ['the next number after one', 0x3c01, 1 + 2 ** -10],
    ['minus two', 0xc000, -2],
    ['the largest number', 0x7bff, 65504],
    ['infinity', 0x7c00, Number.POSITIVE_INFINITY],
    ['negative infinity', 0xfc00, Number.NEGATIVE_INFINITY],
    ['not a number', 0x7e00, Number.NaN],
  ])('widens %s', (_name, bits, expected) => {
    expect(float16ToFloat32(Uint16Array.of(bits))[0]).toBe(expected)
  })

  test('rises with the bits over all finite positive numbers', () => {
    const values = float16ToFloat32(Uint16Array.from({ length: 0x7c01 }, (_, bits) => bits))
    expect(values.every((value, i) => i === 0 || value > values[i - 1]!)).toBe(true)
  })
})

describe('bfloat16ToFloat32', () => {
  test.each([
    ['one', 0x3f80, 1],
    ['minus 3.140625', 0xc049, -3.140625],
    ['the smallest subnormal number', 0x0001, 2 ** -133],
    ['infinity', 0x7f80, Number.POSITIVE_INFINITY],
    ['not a number', 0x7fc0, Number.NaN],
  ])('widens %s', (_name, bits, expected) => {
    expect(bfloat16ToFloat32(Uint16Array.of(bits))[0]).toBe(expected)
  })
})

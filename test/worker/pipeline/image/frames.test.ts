import { expect, test } from 'vitest'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { toRgbFrame } from '../../../../worker/pipeline/image/frames.ts'
import { readGolden } from '../../../fixtures/golden.ts'

const golden = await readGolden('image')

/** Frame number `i` of [frames, 3, height, width]. */
const frameOf = ({ data, shape: [, ...shape] }: Tensor, i: number): Tensor => {
  const size = shape.reduce((product, side) => product * side, 1)
  return { data: data.subarray(i * size, (i + 1) * size), shape }
}

test('toRgbFrame converts decoded values to the bytes of the reference, with halves rounded to even', () => {
  const decoded = golden.tensor('frames/decoded')
  const expected = golden.tensor<Uint8Array>('frames/rgb')
  expect(decoded.shape[0]).toBe(3)
  const frameBytes = expected.data.length / 3
  for (let i = 0; i < 3; i++) {
    const bytes = expected.data.subarray(i * frameBytes, (i + 1) * frameBytes)
    expect(toRgbFrame(frameOf(decoded, i))).toEqual({ bytes, nonFiniteValues: 0 })
  }
})

test('toRgbFrame counts non-finite values, and makes only them black or white', () => {
  const data = new Float32Array(3 * 4 * 4)
  const [nan, infinity, negative] = [7, 16 + 7, 32 + 7]
  data[nan] = Number.NaN
  data[infinity] = Number.POSITIVE_INFINITY
  data[negative] = Number.NEGATIVE_INFINITY
  const { bytes, nonFiniteValues } = toRgbFrame({ data, shape: [3, 4, 4] })
  expect(nonFiniteValues).toBe(3)
  const grey = new Uint8Array(3 * 4 * 4).fill(128)
  grey.set([0, 255, 0], 7 * 3)
  expect(bytes).toEqual(grey)
})

test('toRgbFrame clips values beyond -1 and 1, and does not count them as non-finite', () => {
  const data = Float32Array.of(-3e38, 3e38, 1.5)
  expect(toRgbFrame({ data, shape: [3, 1, 1] })).toEqual({
    bytes: Uint8Array.of(0, 255, 255),
    nonFiniteValues: 0,
  })
})

import { expect, test } from 'vitest'
import { NotFiniteError, toRgbFrames } from '../../../../worker/pipeline/image/frames.ts'
import { readGolden } from '../../../fixtures/golden.ts'

const golden = await readGolden('image')

test('decoded values become the bytes of the reference, halves rounded to even', () => {
  const frames = toRgbFrames(golden.tensor('frames/decoded'))
  const expected = golden.tensor<Uint8Array>('frames/rgb')
  const frameBytes = expected.data.length / 3
  expect(frames).toHaveLength(3)
  for (const [i, frame] of frames.entries()) {
    expect(frame).toEqual(expected.data.subarray(i * frameBytes, (i + 1) * frameBytes))
  }
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  '%d is an error that names the frame',
  (value) => {
    const data = new Float32Array(3 * 3 * 4 * 4)
    data[2 * 48 + 7] = value
    const convert = () => toRgbFrames({ data, shape: [3, 3, 4, 4] })
    expect(convert).toThrow(NotFiniteError)
    expect(convert).toThrow(`holds ${value} in frame 2`)
  },
)

import { expect, test } from 'vitest'
import { type DecodeCut, seamsOf } from '../../../../worker/jobs/quality/decode-seams.ts'

const seams = (
  frameCount: number,
  decodeChunkSize: number | null,
  decodeOverlap = 0,
  sequence: Pick<DecodeCut, 'decodedFrames' | 'firstFrame'> = {},
): readonly number[] =>
  [...seamsOf({ frameCount, decodeChunkSize, decodeOverlap, ...sequence })].toSorted((a, b) => a - b)

test('a clip that is decoded at once has no seams', () => {
  expect(seams(14, null)).toEqual([])
  expect(seams(14, 14)).toEqual([])
  expect(seams(14, 20)).toEqual([])
  expect(seams(1, 1)).toEqual([])
})

test('adjacent chunks have a seam between the last frame of one and the first frame of the next', () => {
  expect(seams(14, 5)).toEqual([4, 9])
  expect(seams(14, 7)).toEqual([6])
  expect(seams(4, 1)).toEqual([0, 1, 2])
})

test('overlapping chunks have seams at all changes of the frames that they share', () => {
  // Frames 0-4, 3-7, 6-10, 9-13 share 3-4, 6-7, 9-10.
  expect(seams(14, 5, 2)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
  // Frames 0-7, 6-13.
  expect(seams(14, 8, 2)).toEqual([5, 6, 7])
})

test('the last overlapping chunk starts earlier, and its seams move with it', () => {
  // Frames 0-5, 5-10, 8-13: the last two share 8-10.
  expect(seams(14, 6, 1)).toEqual([4, 5, 7, 8, 9, 10])
})

test('chunks continue from one video of a job into the next', () => {
  // Frames 0-4, 5-9, 10-14, 15-19 of two videos of ten, and 0-6, 7-13, 14-19.
  const [first, second] = [0, 10].map((firstFrame) => ({ decodedFrames: 20, firstFrame }))
  expect([seams(10, 5, 0, first), seams(10, 5, 0, second)]).toEqual([[4], [4]])
  expect([seams(10, 7, 0, first), seams(10, 7, 0, second)]).toEqual([[6], [3]])
  // Frames 0-7, 6-13, 12-19 share 6-7 and 12-13.
  expect([seams(10, 8, 2, first), seams(10, 8, 2, second)]).toEqual([
    [5, 6, 7],
    [1, 2, 3],
  ])
})

import { describe, expect, test } from 'vitest'
import { chunkLengths, evenChunk, largestFitting } from '../../../../worker/engine/memory/decode-chunks.ts'

describe('largestFitting', () => {
  test('finds the largest number that fits, for every border', () => {
    for (let border = 1; border <= 25; border++) {
      expect(largestFitting(1, 25, (chunk) => chunk <= border)).toBe(border)
    }
  })

  test('returns null if the smallest number does not fit', () => {
    expect(largestFitting(4, 25, (chunk) => chunk <= 4)).toBe(4)
    expect(largestFitting(4, 25, (chunk) => chunk <= 3)).toBeNull()
  })

  test('halves the range with each try, because each try predicts a decoder', () => {
    const tried: number[] = []
    largestFitting(1, 25, (chunk) => {
      tried.push(chunk)
      return chunk <= 9
    })
    expect(tried).toEqual([25, 13, 7, 10, 9])
  })
})

describe('evenChunk', () => {
  test.each([
    [25, 25, 25],
    [25, 14, 13],
    [25, 12, 9],
    [24, 14, 12],
    [25, 1, 1],
  ])('cuts %d frames, of which %d fit at once, into chunks of %d', (frames, longest, chunk) => {
    expect(evenChunk(frames, longest, 1)).toBe(chunk)
  })

  test('adds the shared frames to the length of a chunk', () => {
    // 0 to 11, 7 to 18 and 14 to 25, where 12 would fit and share four.
    expect(evenChunk(25, 12, 5)).toBe(11)
    expect(evenChunk(14, 12, 3)).toBe(8)
  })
})

describe('chunkLengths', () => {
  test('returns one length if it divides the frames, and otherwise two', () => {
    expect(chunkLengths(24, 12, 1)).toEqual([12])
    expect(chunkLengths(25, 13, 1)).toEqual([13, 12])
    expect(chunkLengths(25, 25, 1)).toEqual([25])
  })

  test('returns one length if chunks share frames, because the last chunk is moved back', () => {
    expect(chunkLengths(25, 11, 5)).toEqual([11])
  })
})

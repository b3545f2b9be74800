import { describe, expect, test } from 'vitest'
import { chunkLengths, evenChunk, largestFitting } from '../../../../worker/engine/memory/decode-chunks.ts'

describe('the largest number that fits', () => {
  test('is found wherever the border is', () => {
    for (let border = 1; border <= 25; border++) {
      expect(largestFitting(1, 25, (chunk) => chunk <= border)).toBe(border)
    }
  })

  test('is not below the least', () => {
    expect(largestFitting(4, 25, (chunk) => chunk <= 4)).toBe(4)
    expect(largestFitting(4, 25, (chunk) => chunk <= 3)).toBeNull()
  })

  test('is found in as few tries as halving takes, because each one predicts a decoder', () => {
    const tried: number[] = []
    largestFitting(1, 25, (chunk) => {
      tried.push(chunk)
      return chunk <= 9
    })
    expect(tried).toEqual([25, 13, 7, 10, 9])
  })
})

describe('chunks of about one length', () => {
  test.each([
    [25, 25, 25],
    [25, 14, 13],
    [25, 12, 9],
    [24, 14, 12],
    [25, 1, 1],
  ])('%d frames, of which %d fit, are cut by %d', (frames, longest, chunk) => {
    expect(evenChunk(frames, longest, 1)).toBe(chunk)
  })

  test('have their shared frames on top', () => {
    // 0 to 11, 7 to 18 and 14 to 25, where 12 would fit and share four.
    expect(evenChunk(25, 12, 5)).toBe(11)
    expect(evenChunk(14, 12, 3)).toBe(8)
  })
})

describe('lengths of chunks', () => {
  test('are one where it divides the frames, and else two', () => {
    expect(chunkLengths(24, 12, 1)).toEqual([12])
    expect(chunkLengths(25, 13, 1)).toEqual([13, 12])
    expect(chunkLengths(25, 25, 1)).toEqual([25])
  })

  test('are one where chunks share frames, because the last one is moved back', () => {
    expect(chunkLengths(25, 11, 5)).toEqual([11])
  })
})

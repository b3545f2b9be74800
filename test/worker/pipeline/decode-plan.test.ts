import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DecodeChunk,
  laterShare,
  overlappingChunks,
  plainChunks,
} from '../../../worker/pipeline/decode-plan.ts'

const length = ({ from, to }: DecodeChunk): number => to - from
const framesOf = ({ from, to }: DecodeChunk): readonly number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)
const pairsOf = (chunks: readonly DecodeChunk[]) =>
  chunks.slice(1).map((later, i) => ({ earlier: chunks[i]!, later }))

describe('plainChunks', () => {
  test('cuts frames as the reference cuts them, with a shorter last chunk', () => {
    expect(plainChunks(25, 8)).toEqual([
      { from: 0, to: 8 },
      { from: 8, to: 16 },
      { from: 16, to: 24 },
      { from: 24, to: 25 },
    ])
    expect(plainChunks(14, 14)).toEqual([{ from: 0, to: 14 }])
    expect(plainChunks(3, 8)).toEqual([{ from: 0, to: 3 }])
  })

  test('puts every frame into one chunk, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 130 }), (frames, chunkSize) => {
        const chunks = plainChunks(frames, chunkSize)
        expect(chunks.flatMap(framesOf)).toEqual(framesOf({ from: 0, to: frames }))
        expect(chunks.slice(0, -1).every((chunk) => length(chunk) === chunkSize)).toBe(true)
      }),
    )
  })
})

/** Frames, a chunk size and an overlap that is smaller. */
const plans = fc
  .record({ frames: fc.integer({ min: 1, max: 120 }), chunkSize: fc.integer({ min: 2, max: 40 }) })
  .chain((plan) =>
    fc.record({ ...constants(plan), overlap: fc.integer({ min: 1, max: plan.chunkSize - 1 }) }),
  )

function constants(plan: { frames: number; chunkSize: number }) {
  return { frames: fc.constant(plan.frames), chunkSize: fc.constant(plan.chunkSize) }
}

describe('overlappingChunks', () => {
  test('gives chunks of equal length, because the last one is moved back', () => {
    expect(overlappingChunks(25, 8, 2)).toEqual([
      { from: 0, to: 8 },
      { from: 6, to: 14 },
      { from: 12, to: 20 },
      { from: 17, to: 25 },
    ])
    expect(overlappingChunks(8, 8, 3)).toEqual([{ from: 0, to: 8 }])
    expect(overlappingChunks(5, 8, 3)).toEqual([{ from: 0, to: 5 }])
  })

  test('covers every frame with chunks of equal length, in order', () => {
    fc.assert(
      fc.property(plans, ({ frames, chunkSize, overlap }) => {
        const chunks = overlappingChunks(frames, chunkSize, overlap)
        expect(chunks.every((chunk) => length(chunk) === Math.min(frames, chunkSize))).toBe(true)
        expect(new Set(chunks.flatMap(framesOf)).size).toBe(frames)
        expect([chunks[0]?.from, chunks.at(-1)?.to]).toEqual([0, frames])
        expect(pairsOf(chunks).every(({ earlier, later }) => earlier.from < later.from)).toBe(true)
      }),
    )
  })

  test('shares as many frames as requested, the last two chunks perhaps more', () => {
    fc.assert(
      fc.property(plans, ({ frames, chunkSize, overlap }) => {
        const shared = pairsOf(overlappingChunks(frames, chunkSize, overlap)).map(
          ({ earlier, later }) => earlier.to - later.from,
        )
        expect(shared.slice(0, -1).every((count) => count === overlap)).toBe(true)
        expect(shared.at(-1) ?? overlap).toBeGreaterThanOrEqual(overlap)
      }),
    )
  })

  test('makes as few chunks as possible', () => {
    fc.assert(
      fc.property(plans, ({ frames, chunkSize, overlap }) => {
        const chunks = overlappingChunks(frames, chunkSize, overlap).length
        const reach = (count: number): number => chunkSize + (count - 1) * (chunkSize - overlap)
        expect(reach(chunks)).toBeGreaterThanOrEqual(frames)
        if (chunks > 1) expect(reach(chunks - 1)).toBeLessThan(frames)
      }),
    )
  })
})

describe('laterShare', () => {
  test('rises in even steps over the shared frames, between 0 and 1', () => {
    const [earlier, later] = [
      { from: 0, to: 8 },
      { from: 5, to: 13 },
    ]
    expect([5, 6, 7].map((frame) => laterShare(frame, earlier, later))).toEqual([0.25, 0.5, 0.75])
  })

  test('sums to one over two frames at mirrored positions', () => {
    fc.assert(
      fc.property(plans, ({ frames, chunkSize, overlap }) => {
        for (const { earlier, later } of pairsOf(overlappingChunks(frames, chunkSize, overlap))) {
          const shares = framesOf({ from: later.from, to: earlier.to }).map((frame) =>
            laterShare(frame, earlier, later),
          )
          const step = 1 / (shares.length + 1)
          shares.forEach((share, i) => {
            expect(share).toBeCloseTo((i + 1) * step, 12)
            expect(share + shares[shares.length - 1 - i]!).toBeCloseTo(1, 12)
          })
        }
      }),
    )
  })
})

import { expect, test } from 'vitest'
import { fitCard, type MemoryNeeds } from '../../../worker/plan/card-memory.ts'

const GIB = 2 ** 30

const NEEDS: MemoryNeeds = {
  resident: 19 * GIB,
  offload: 12 * GIB,
  lowVram: 11 * GIB,
  smallerChunks: [
    { decodeChunk: 12, bytes: 6 * GIB },
    { decodeChunk: 6, bytes: 4 * GIB },
  ],
}

/** Four fifths of a card are used. */
test.each([
  [24, 'resident', 19, null],
  [23, 'offload', 12, null],
  [15, 'offload', 12, null],
  [14, 'low-vram', 11, null],
  [13, 'smaller-chunk', 6, 12],
  [6, 'smaller-chunk', 4, 6],
  [4, 'none', 4, null],
] as const)('a card of %d GiB renders it as %s', (gib, way, needGib, decodeChunk) => {
  expect(fitCard(NEEDS, gib * 1024)).toEqual({ way, bytes: needGib * GIB, decodeChunk })
})

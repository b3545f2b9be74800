import { OFFLOAD_SHARE } from '../engine/memory-mode.ts'

/** Bytes on the card at the hungriest moment, for each way of rendering a clip. */
export interface MemoryNeeds {
  readonly resident: number
  readonly offload: number
  /** Offload, guidance's passes one after the other, feed-forward layers in pieces. */
  readonly lowVram: number
  /** `lowVram` with so many frames decoded at once, the most first; all fewer than asked for. */
  readonly smallerChunks: readonly { readonly decodeChunk: number; readonly bytes: number }[]
}

export interface MemoryFit {
  readonly way: 'resident' | 'offload' | 'low-vram' | 'smaller-chunk' | 'none'
  /** What that way takes; where none fits, what the most sparing one would take. */
  readonly bytes: number
  /** Null: as asked for. */
  readonly decodeChunk: number | null
}

const MIB = 2 ** 20

export const cardBytes = (memoryMib: number): number => memoryMib * MIB

/** The first way, from the quickest to the most sparing, that leaves room for what the count does not know. */
export const fitCard = (needs: MemoryNeeds, memoryMib: number): MemoryFit => {
  const ways: readonly MemoryFit[] = [
    { way: 'resident', bytes: needs.resident, decodeChunk: null },
    { way: 'offload', bytes: needs.offload, decodeChunk: null },
    { way: 'low-vram', bytes: needs.lowVram, decodeChunk: null },
    ...needs.smallerChunks.map(
      ({ decodeChunk, bytes }): MemoryFit => ({ way: 'smaller-chunk', bytes, decodeChunk }),
    ),
  ]
  const room = OFFLOAD_SHARE * cardBytes(memoryMib)
  return (
    ways.find(({ bytes }) => bytes <= room) ?? {
      way: 'none',
      bytes: Math.min(...ways.map(({ bytes }) => bytes)),
      decodeChunk: null,
    }
  )
}

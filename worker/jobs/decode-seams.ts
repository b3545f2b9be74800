import { type DecodeChunk, overlappingChunks, plainChunks } from '../pipeline/decode-plan.ts'

export interface DecodeCut {
  readonly frameCount: number
  /** Frames decoded at once; null: all. */
  readonly decodeChunkSize: number | null
  readonly decodeOverlap: number
}

const chunksOf = ({ frameCount, decodeChunkSize, decodeOverlap }: DecodeCut): readonly DecodeChunk[] => {
  const size = decodeChunkSize ?? frameCount
  return decodeOverlap > 0
    ? overlappingChunks(frameCount, size, decodeOverlap)
    : plainChunks(frameCount, size)
}

/**
 * The changes between neighbouring frames at which the decoder's chunk changes; change i is that from frame i to
 * i + 1. Side by side, a seam is one change. Where chunks share frames, it is spread over the way from the last frame
 * of the earlier alone to the first of the later alone.
 */
export const seamsOf = (cut: DecodeCut): ReadonlySet<number> => {
  const chunks = chunksOf(cut)
  const seams = new Set<number>()
  for (const [index, later] of chunks.entries()) {
    const earlier = chunks[index - 1]
    if (earlier === undefined) continue
    for (let change = later.from - 1; change < earlier.to; change++) seams.add(change)
  }
  return seams
}

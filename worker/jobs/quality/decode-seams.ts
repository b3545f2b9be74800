import { type DecodeChunk, overlappingChunks, plainChunks } from '../../pipeline/decode-plan.ts'

export interface DecodeCut {
  readonly frameCount: number
  /** Frames of all videos of the job, which are decoded as one sequence; default: the clip's own. */
  readonly decodedFrames?: number
  /** Index of the clip's first frame among them; default 0. */
  readonly firstFrame?: number
  /** Count of frames decoded at once; `null` for all. */
  readonly decodeChunkSize: number | null
  readonly decodeOverlap: number
}

const chunksOf = ({
  frameCount,
  decodedFrames = frameCount,
  decodeChunkSize,
  decodeOverlap,
}: DecodeCut): readonly DecodeChunk[] => {
  const size = decodeChunkSize ?? frameCount
  return decodeOverlap > 0
    ? overlappingChunks(decodedFrames, size, decodeOverlap)
    : plainChunks(decodedFrames, size)
}

/**
 * The changes between neighbouring frames at which the decoder's chunk changes; change i is that from frame i to
 * i + 1. Side by side, a seam is one change. Where chunks share frames, it is spread over the way from the last frame
 * of the earlier alone to the first of the later alone.
 */
export const seamsOf = (cut: DecodeCut): ReadonlySet<number> => {
  const { frameCount, firstFrame = 0 } = cut
  const chunks = chunksOf(cut)
  const seams = new Set<number>()
  for (const [index, later] of chunks.entries()) {
    const earlier = chunks[index - 1]
    if (earlier === undefined) continue
    for (let change = later.from - 1; change < earlier.to; change++) {
      const ofClip = change - firstFrame
      if (ofClip >= 0 && ofClip < frameCount - 1) seams.add(ofClip)
    }
  }
  return seams
}

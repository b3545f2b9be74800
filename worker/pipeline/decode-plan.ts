/** Frames `from` to `to` (exclusive) decoded together. */
export interface DecodeChunk {
  readonly from: number
  readonly to: number
}

/** Chunks one after the other, the last one shorter: the reference's cut. */
export const plainChunks = (frames: number, chunkSize: number): readonly DecodeChunk[] =>
  Array.from({ length: Math.ceil(frames / chunkSize) }, (_, i) => ({
    from: i * chunkSize,
    to: Math.min(frames, (i + 1) * chunkSize),
  }))

/**
 * Chunks of equal length that share `overlap` frames with the next one; the last is moved back, rather than cut,
 * so that every chunk gives the temporal layers the same number of frames.
 */
export const overlappingChunks = (
  frames: number,
  chunkSize: number,
  overlap: number,
): readonly DecodeChunk[] => {
  if (frames <= chunkSize) return [{ from: 0, to: frames }]
  const stride = chunkSize - overlap
  const count = Math.ceil((frames - overlap) / stride)
  return Array.from({ length: count }, (_, i) => {
    const from = Math.min(i * stride, frames - chunkSize)
    return { from, to: from + chunkSize }
  })
}

/**
 * Share of the later of two overlapping chunks in `frame`. It rises evenly over the frames that both contain, and is
 * never 0 or 1 there, so that neither chunk's outermost frame stands alone.
 */
export const laterShare = (frame: number, earlier: DecodeChunk, later: DecodeChunk): number => {
  const shared = earlier.to - later.from
  return (frame - later.from + 1) / (shared + 1)
}

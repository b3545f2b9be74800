/*
 * Which chunks the frames of a clip are cut into. Each length is a session of its own, whose first run plans all
 * convolutions.
 */

/**
 * The largest number from `least` to `most` that fits; `null` if not even `least` does. Found by halving, as a longer
 * chunk takes more memory.
 */
export const largestFitting = (
  least: number,
  most: number,
  fits: (chunk: number) => boolean,
): number | null => {
  if (fits(most)) return most
  let fitting: number | null = null
  let [from, to] = [least, most - 1]
  while (from <= to) {
    const chunk = Math.ceil((from + to) / 2)
    if (fits(chunk)) {
      fitting = chunk
      from = chunk + 1
    } else {
      to = chunk - 1
    }
  }
  return fitting
}

/**
 * The shortest chunk that cuts the frames into as few chunks as `longest` does: 13 where 14 of 25 frames fit. It gives as
 * many seams and takes no more memory. `leastChunk` is one frame longer than what chunks share. The last chunk gets more frames, and is as long as the others wherever their count divides the
 * frames. More chunks of one length would save the second session, but they show more seams.
 */
export const evenChunk = (frames: number, longest: number, leastChunk: number): number => {
  const overlap = leastChunk - 1
  const chunks = Math.ceil((frames - overlap) / (longest - overlap))
  return Math.ceil((frames - overlap) / chunks) + overlap
}

/** Each length that a chunk has, the usual one first. The last chunk may be shorter; chunks that overlap are all as long. */
export const chunkLengths = (frames: number, decodeChunk: number, leastChunk: number): readonly number[] => {
  const rest = leastChunk > 1 ? 0 : frames % decodeChunk
  return rest === 0 ? [decodeChunk] : [decodeChunk, rest]
}

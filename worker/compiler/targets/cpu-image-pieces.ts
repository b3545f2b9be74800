import { concat, slice } from '../ops/shape.ts'
import type { Images, Target } from './target.ts'

/* Images lie one after the other in either layout of the CPU, so that a piece is one run of memory. */

export const imagePieces = {
  // Small enough that some such maps together are little beside a network's input, large enough to fill the threads.
  imagePieceBytes: 32 * 2 ** 20,

  takeImages: (g, x, from, to) => ({
    ...x,
    value: slice(g, x.value, 0, from, to),
    clips: 1,
    frames: to - from,
  }),

  joinImages(g, parts) {
    const [first] = parts as readonly [Images, ...Images[]]
    const value = concat(
      g,
      parts.map((part) => part.value),
      0,
    )
    return { ...first, value, clips: 1, frames: value.shape[0] ?? 0 }
  },
} satisfies Partial<Target>

import { evenPieces } from '../even-pieces.ts'
import type { Images } from '../targets/target.ts'
import type { Scope } from './scope.ts'

const BYTES_PER_NUMBER = 4
/** More pieces than this make the graph long and win nothing. */
const MAX_PIECES = 8

/**
 * Layers that see one image at a time, over so many of them at once that none of their maps, of `numbersPerImage` at
 * most, grows beyond the target's `imagePieceBytes`, or at least over a part: the same numbers, and maps between input
 * and output are never there as a whole.
 */
export const inImagePieces = (
  { g, target }: Pick<Scope, 'g' | 'target'>,
  x: Images,
  numbersPerImage: number,
  layers: (piece: Images) => Images,
): Images => {
  const images = x.clips * x.frames
  const wanted = Math.ceil((images * numbersPerImage * BYTES_PER_NUMBER) / target.imagePieceBytes)
  const pieces = Math.min(images, wanted, MAX_PIECES)
  if (pieces === 1) return layers(x)
  const parts = evenPieces(images, pieces).map(({ from, to }) => layers(target.takeImages(g, x, from, to)))
  return { ...target.joinImages(g, parts), clips: x.clips, frames: x.frames }
}

import { evenPieces } from '../even-pieces.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { concat, slice } from '../ops/shape.ts'

/* Images lie one after the other in every target, so that a piece of them is one run of memory. */

/** More pieces than this make the graph long and win nothing. */
const MAX_PIECES = 8

/** Count of pieces whose largest map, `numbersPerImage` for each image, has at most `pieceNumbers`, or as near as allowed. */
export const pieceCount = (images: number, numbersPerImage: number, pieceNumbers: number): number =>
  Math.min(images, MAX_PIECES, Math.ceil((images * numbersPerImage) / pieceNumbers))

/**
 * Runs `layers` over `count` pieces of `images`, one after the other, and joins the results. The numbers are the same,
 * and the maps between are never in memory as a whole.
 */
export const inPieces = (g: Graph, images: Value, count: number, layers: (piece: Value) => Value): Value => {
  const parts = evenPieces(images.shape[0] ?? 0, count).map(({ from, to }) =>
    layers(slice(g, images, 0, from, to)),
  )
  return concat(g, parts, 0)
}

import { evenPieces } from '../even-pieces.ts'
import type { Value } from '../graph/value.ts'
import { concat, slice } from '../ops/shape.ts'
import { bindLinear } from './parameters.ts'
import type { Scope } from './scope.ts'

/** The hidden width is four times the model's. */
const EXPANSION = 4

/** More pieces than this make the graph long and win nothing. */
const MAX_PIECES = 8
const BYTES_PER_NUMBER = 4

export interface FeedForward {
  readonly channels: number
  /** Rows are taken in at least this many pieces, one after the other: the same numbers with less memory. */
  readonly chunks: number
}

/** diffusers' FeedForward with GEGLU on [n, C]. */
export const feedForward = ({ g, target, w }: Scope, { channels, chunks }: FeedForward) => {
  const hidden = channels * EXPANSION
  const proj = bindLinear(w.at('net', 0, 'proj'), channels, hidden * 2)
  const out = bindLinear(w.at('net', 2), hidden, channels)
  const apply = (x: Value): Value => target.linear(g, target.geglu(g, x, proj), out)

  return (x: Value): Value =>
    g.within(w.path, () => {
      const rows = x.shape[0] ?? 0
      const hiddenBytes = rows * hidden * BYTES_PER_NUMBER
      const wanted =
        target.feedForwardPieceBytes === null ? 1 : Math.ceil(hiddenBytes / target.feedForwardPieceBytes)
      const pieces = Math.min(rows, Math.max(chunks, Math.min(wanted, MAX_PIECES)))
      const parts = evenPieces(rows, pieces).map(({ from, to }) => apply(slice(g, x, 0, from, to)))
      return concat(g, parts, 0)
    })
}

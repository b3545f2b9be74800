import type { Tokens } from '../targets/target.ts'
import { bindLinear } from './parameters.ts'
import type { Scope } from './scope.ts'

/** The hidden width is four times the model's. */
const EXPANSION = 4

export interface FeedForwardOptions {
  readonly channels: number
  /** Least number of chunks that tokens are computed in, one after the other. */
  readonly chunks: number
}

/** diffusers' FeedForward with GEGLU, plus a residual. */
export const feedForward = ({ g, target, w }: Scope, { channels, chunks }: FeedForwardOptions) => {
  const hidden = channels * EXPANSION
  const proj = bindLinear(w.at('net', 0, 'proj'), channels, hidden * 2)
  const out = bindLinear(w.at('net', 2), hidden, channels)
  return (x: Tokens, residual: Tokens): Tokens =>
    g.within(w.path, () => target.feedForward(g, x, { proj, out, chunks, residual }))
}

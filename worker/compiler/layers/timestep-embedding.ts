import type { Tokens } from '../targets/target.ts'
import { bindLinear } from './parameters.ts'
import type { Scope } from './scope.ts'

/** diffusers' TimestepEmbedding: linear, SiLU, linear on [n, inFeatures]. */
export const timestepEmbedding = (
  { g, target, w }: Scope,
  { inFeatures, hidden, outFeatures }: { inFeatures: number; hidden: number; outFeatures: number },
) => {
  const first = bindLinear(w.at('linear_1'), inFeatures, hidden)
  const second = bindLinear(w.at('linear_2'), hidden, outFeatures)
  return (x: Tokens): Tokens =>
    g.within(w.path, () => target.linear(g, target.activate(g, target.linear(g, x, first), 'silu'), second))
}

import type { Tokens } from '../targets/target.ts'
import { bindLinear } from './parameters.ts'
import type { Scope } from './scope.ts'

/**
 * A ResNet's `time_emb_proj`: silu(time embedding) [n, timeEmbedDim] → rows [n, C], which are added to every pixel
 * between the ResNet's two convolutions.
 */
export const timeShift = (
  { g, target, w }: Scope,
  { timeEmbedDim, channels }: { readonly timeEmbedDim: number; readonly channels: number },
) => {
  const projection = bindLinear(w.at('time_emb_proj'), timeEmbedDim, channels)
  return (activatedTime: Tokens): Tokens =>
    g.within(w.path, () => target.linear(g, activatedTime, projection))
}

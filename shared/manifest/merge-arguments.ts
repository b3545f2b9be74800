import { withoutReplacedCrf } from '../contracts/clip-format.ts'
import { withoutReplacedSize } from '../contracts/clip-size.ts'
import type { RenderArguments } from '../contracts/render-arguments.ts'

/**
 * Merges two layers, in which `higher` goes before `lower`. Sigmas define a number of steps too. So if `higher` gives
 * a number of steps without sigmas, the sigmas of `lower` are left out. Sizes replace each other likewise, and formats
 * without a CRF replace one.
 */
export const mergeArguments = (lower: RenderArguments, higher: RenderArguments): RenderArguments => {
  const below = withoutReplacedCrf(withoutReplacedSize(lower, higher), higher)
  if (higher.num_inference_steps === undefined || higher.sigmas !== undefined) return { ...below, ...higher }
  const { sigmas: _, ...rest } = below
  return { ...rest, ...higher }
}

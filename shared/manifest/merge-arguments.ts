import type { RenderArguments } from '../contracts/render-arguments.ts'

/**
 * Merges two layers, in which `higher` goes before `lower`. Sigmas define a number of steps too. So if `higher` gives
 * a number of steps without sigmas, the sigmas of `lower` are left out.
 */
export const mergeArguments = (lower: RenderArguments, higher: RenderArguments): RenderArguments => {
  if (higher.num_inference_steps === undefined || higher.sigmas !== undefined) return { ...lower, ...higher }
  const { sigmas: _, ...rest } = lower
  return { ...rest, ...higher }
}

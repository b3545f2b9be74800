import type { RenderArguments } from '../contracts/render-arguments.ts'

/**
 * What `higher` says goes before what `lower` says. Sigmas are steps too: who asks for a number of steps without them
 * does not mean the sigmas of a layer below.
 */
export const mergeArguments = (lower: RenderArguments, higher: RenderArguments): RenderArguments => {
  if (higher.num_inference_steps === undefined || higher.sigmas !== undefined) return { ...lower, ...higher }
  const { sigmas: _, ...rest } = lower
  return { ...rest, ...higher }
}

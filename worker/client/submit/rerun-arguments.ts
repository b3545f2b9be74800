import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import { type RenderArguments, readRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { mergeArguments } from '../../../shared/manifest/merge-arguments.ts'

/**
 * All parameters of a job as arguments: given again, they make the same clip. Beside sigmas, a job has the checkpoint's
 * number of steps, which is ignored.
 */
export const argumentsOfJob = (parameters: ParametersDocument): RenderArguments => {
  const { values, faults } = readRenderArguments(parameters)
  const [fault] = faults
  if (fault !== undefined) throw new InvalidInputError(fault.field, `of the job: ${fault.message}`)
  const { num_inference_steps, ...others } = values
  return values.sigmas === undefined ? values : others
}

/**
 * Arguments of a job with changes. Other sigmas make another number of steps, and another number of steps makes other
 * sigmas, so that one replaces the other. Sizes and formats do so too. `seeds`: seeds of several clips; `null`: of one.
 */
export const changedArguments = (
  job: RenderArguments,
  changes: RenderArguments,
  seeds: readonly bigint[] | null,
): RenderArguments => {
  const { num_inference_steps, seed, ...others } = job
  const keepsSteps = changes.sigmas === undefined || changes.num_inference_steps !== undefined
  const kept: RenderArguments = {
    ...others,
    ...(keepsSteps && num_inference_steps !== undefined && { num_inference_steps }),
    ...(seeds === null && seed !== undefined && { seed }),
  }
  return mergeArguments(kept, changes)
}

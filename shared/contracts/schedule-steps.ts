import type { InputFault } from './input-fault.ts'

type Sigmas = 'align-your-steps' | readonly number[]

export interface ScheduleArguments {
  readonly num_inference_steps?: number | undefined
  readonly sigmas?: Sigmas | undefined
}

/** Denoising steps of the noise levels of that name. */
export const ALIGN_YOUR_STEPS = 10

/** Denoising steps of given noise levels: a list has one value more, the level after the last step. */
export const stepsOfSigmas = (sigmas: Sigmas): number =>
  sigmas === 'align-your-steps' ? ALIGN_YOUR_STEPS : sigmas.length - 1

/**
 * The fault of `num_inference_steps` and `sigmas` that contradict each other; empty if they agree, or if one of them is
 * not given. Sigmas alone decide how many steps run, so another number would be ignored. Job messages are not checked:
 * they carry the checkpoint's `num_inference_steps` beside sigmas.
 */
export const scheduleFaults = (
  { num_inference_steps: steps, sigmas }: ScheduleArguments,
  spell: (name: string) => string,
): readonly InputFault[] => {
  if (steps === undefined || sigmas === undefined) return []
  const taken = stepsOfSigmas(sigmas)
  if (steps === taken) return []
  const given = sigmas === 'align-your-steps' ? `'${sigmas}'` : `a list of ${sigmas.length} values`
  const message =
    `got ${steps}, and ${spell('sigmas')} is ${given}, which makes ${taken} steps; must be ${taken}: ` +
    'correct it, or give only one of the two'
  return [{ field: spell('num_inference_steps'), message }]
}

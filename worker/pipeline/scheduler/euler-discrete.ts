import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { SchedulerConfig } from '../../checkpoint/scheduler-config.ts'
import { karrasSigmas } from './karras-sigmas.ts'

export interface Schedule {
  /** Noise levels, [steps + 1], high to low. */
  readonly sigmas: Float32Array
  /** Timestep that the UNet gets at each step, [steps]: ln(σ) / 4. */
  readonly timesteps: Float32Array
  /** Standard deviation of the first latents. */
  readonly initNoiseSigma: number
}

export type ScheduleRequest =
  | { readonly config: SchedulerConfig; readonly numInferenceSteps: number }
  | { readonly config: SchedulerConfig; readonly sigmas: readonly number[] }

const f = Math.fround

/** Karras levels and one final level. */
const plannedSigmas = (config: SchedulerConfig, steps: number): Float32Array => {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new InvalidInputError('num_inference_steps', `must be a whole number of 1 or more, got ${steps}`)
  }
  const sigmas = new Float32Array(steps + 1)
  sigmas.set(karrasSigmas(config.sigmaMin, config.sigmaMax, steps))
  sigmas[steps] = config.finalSigma
  return sigmas
}

const initNoiseSigmaOf = (sigmas: Float32Array, spacing: SchedulerConfig['timestepSpacing']): number => {
  const highest = sigmas.reduce((a, b) => Math.max(a, b))
  return spacing === 'leading' ? f(Math.sqrt(f(f(highest * highest) + 1))) : highest
}

/**
 * The noise levels and timesteps of a clip, those of diffusers' EulerDiscreteScheduler after
 * `set_timesteps(num_inference_steps)` or `set_timesteps(sigmas=...)`. Given sigmas, which
 * customSigmasSchema has checked, are used as they are.
 * Noise levels have equal bits; a timestep may differ in its last one, as logarithms do from one CPU's library to
 * another's.
 *
 * @throws InvalidInputError (`num_inference_steps`).
 */
export const createSchedule = (request: ScheduleRequest): Schedule => {
  const sigmas =
    'sigmas' in request
      ? Float32Array.from(request.sigmas)
      : plannedSigmas(request.config, request.numInferenceSteps)
  return {
    sigmas,
    timesteps: sigmas.subarray(0, -1).map((sigma) => 0.25 * f(Math.log(sigma))),
    initNoiseSigma: initNoiseSigmaOf(sigmas, request.config.timestepSpacing),
  }
}

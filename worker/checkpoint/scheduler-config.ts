import { z } from 'zod'
import {
  acceptFields,
  field,
  notNegative,
  oneOf,
  only,
  positiveNumber,
  readConfigFields,
  trueOrFalse,
  type Values,
  wholeNumber,
} from './config-fields.ts'
import type { Fault } from './faults.ts'

const TIMESTEP_SPACINGS = ['linspace', 'leading', 'trailing'] as const

/** EulerDiscreteScheduler with Karras sigmas, v-prediction and continuous timesteps, as all SVD checkpoints have it. */
export interface SchedulerConfig {
  readonly sigmaMin: number
  readonly sigmaMax: number
  /** Appended after the last step's sigma: 0, or the first sigma of training. A float32 value. */
  readonly finalSigma: number
  /**
   * With Karras sigmas its only effect is on the initial noise: `leading` scales it by sqrt(sigmaMax^2 + 1),
   * the others by sigmaMax.
   */
  readonly timestepSpacing: (typeof TIMESTEP_SPACINGS)[number]
}

/** Absent fields: the arguments of diffusers 0.42.1 `EulerDiscreteScheduler.__init__`. */
const FIELDS = {
  _class_name: only('EulerDiscreteScheduler'),
  prediction_type: only('v_prediction', 'epsilon'),
  timestep_type: only('continuous', 'discrete'),
  use_karras_sigmas: only(true, false),
  use_exponential_sigmas: field(z.literal([false, null]), 'false', false),
  use_beta_sigmas: field(z.literal([false, null]), 'false', false),
  sigma_min: positiveNumber(null),
  sigma_max: positiveNumber(null),
  timestep_spacing: oneOf(TIMESTEP_SPACINGS, 'linspace'),
  final_sigmas_type: oneOf(['zero', 'sigma_min'], 'zero'),
  beta_start: positiveNumber(0.0001),
  beta_schedule: oneOf(['linear', 'scaled_linear', 'squaredcos_cap_v2'], 'linear'),
  trained_betas: only(null),
  rescale_betas_zero_snr: trueOrFalse(false),
  // Read and checked, without effect here: Karras sigmas depend on neither the betas' end nor their interpolation.
  beta_end: positiveNumber(0.02),
  interpolation_type: oneOf(['linear', 'log_linear'], 'linear'),
  num_train_timesteps: wholeNumber(1000),
  steps_offset: notNegative(0),
} as const

/** Settings of the other schedulers, which SVD's own files carry along; EulerDiscreteScheduler has no such arguments. */
const WITHOUT_EFFECT = ['clip_sample', 'set_alpha_to_one', 'skip_prk_steps']

const ruleFaults = (values: Partial<Values<typeof FIELDS>>): Fault[] => {
  const faults: Fault[] = []
  const {
    sigma_min: min,
    sigma_max: max,
    final_sigmas_type: final,
    beta_schedule: schedule,
    beta_start: beta,
  } = values
  if (min !== undefined && max !== undefined && min >= max) {
    faults.push({ field: 'sigma_min', message: `is ${min}; must be below sigma_max ${max}` })
  }
  if (final !== 'sigma_min') return faults
  const fix = 'with final_sigmas_type "sigma_min"; set final_sigmas_type to "zero"'
  if (schedule === 'squaredcos_cap_v2') {
    faults.push({
      field: 'beta_schedule',
      message: `is "${schedule}"; supported: "linear" or "scaled_linear" ${fix}`,
    })
  }
  if (values.rescale_betas_zero_snr) {
    faults.push({ field: 'rescale_betas_zero_snr', message: `is true; supported: false ${fix}` })
  }
  if (beta !== undefined && beta >= 1) {
    faults.push({ field: 'beta_start', message: `is ${beta}; must be below 1 ${fix}` })
  }
  return faults
}

/** sqrt((1 - a) / a) of the first training step's a = 1 - beta, each operation rounded to float32 as torch does. */
const firstTrainingSigma = (betaStart: number, schedule: 'linear' | 'scaled_linear'): number => {
  const root = Math.fround(Math.sqrt(betaStart))
  const beta = schedule === 'linear' ? Math.fround(betaStart) : Math.fround(root * root)
  const alpha = Math.fround(1 - beta)
  return Math.fround(Math.sqrt(Math.fround(Math.fround(1 - alpha) / alpha)))
}

/** Parses `scheduler/scheduler_config.json`. Throws InvalidInputError that tells all its faults. */
export const parseSchedulerConfig = (
  json: unknown,
  file = 'scheduler/scheduler_config.json',
): SchedulerConfig => {
  const { values, faults } = readConfigFields(file, json, FIELDS, WITHOUT_EFFECT)
  const fields = acceptFields(file, { values, faults: [...faults, ...ruleFaults(values)] })
  const schedule = fields.beta_schedule === 'linear' ? 'linear' : 'scaled_linear'
  return {
    sigmaMin: fields.sigma_min,
    sigmaMax: fields.sigma_max,
    finalSigma: fields.final_sigmas_type === 'zero' ? 0 : firstTrainingSigma(fields.beta_start, schedule),
    timestepSpacing: fields.timestep_spacing,
  }
}

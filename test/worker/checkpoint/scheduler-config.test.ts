import { describe, expect, test } from 'vitest'
import { parseSchedulerConfig } from '../../../worker/checkpoint/scheduler-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const parse = async (changes: object = {}) =>
  parseSchedulerConfig(await xtConfig('scheduler/scheduler_config.json', { ...changes }))

describe('parseSchedulerConfig', () => {
  test("reads SVD-XT's config", async () => {
    expect(await parse()).toEqual({
      sigmaMin: 0.002,
      sigmaMax: 700,
      finalSigma: 0,
      timestepSpacing: 'leading',
    })
  })

  // diffusers 0.42.1, torch 2.13.0: EulerDiscreteScheduler(..., final_sigmas_type="sigma_min").sigmas[-1].
  // torch's own square root is off by one float32 step in the first case, hence the tolerance of one step.
  test.each([
    ['scaled_linear', 0.00085, 0.02916753478348255],
    ['linear', 0.0001, 0.010001329705119133],
  ])(
    'ends at the first training sigma of %s betas if final_sigmas_type is sigma_min',
    async (beta_schedule, beta_start, expected) => {
      const { finalSigma } = await parse({ final_sigmas_type: 'sigma_min', beta_schedule, beta_start })
      expect(Math.abs(finalSigma / expected - 1)).toBeLessThan(2 ** -23)
    },
  )

  test('reports what an absent field means to the reference', () => {
    const empty = () => parseSchedulerConfig({})
    expect(empty).toThrow(
      'prediction_type: is absent, which means "epsilon" to the reference; supported: "v_prediction"',
    )
    expect(empty).toThrow(
      'timestep_type: is absent, which means "discrete" to the reference; supported: "continuous"',
    )
    expect(empty).toThrow('use_karras_sigmas: is absent, which means false to the reference; supported: true')
    expect(empty).toThrow(
      'sigma_max: is absent, which means null to the reference; supported: a finite number above 0',
    )
  })

  test.each([
    [
      'another scheduler',
      { _class_name: 'DPMSolverMultistepScheduler' },
      '_class_name: is "DPMSolverMultistepScheduler"; supported: "EulerDiscreteScheduler"',
    ],
    [
      'another prediction',
      { prediction_type: 'epsilon' },
      'prediction_type: is "epsilon"; supported: "v_prediction"',
    ],
    [
      'discrete timesteps',
      { timestep_type: 'discrete' },
      'timestep_type: is "discrete"; supported: "continuous"',
    ],
    [
      'sigmas that are not Karras',
      { use_karras_sigmas: false },
      'use_karras_sigmas: is false; supported: true',
    ],
    ['beta sigmas', { use_beta_sigmas: true }, 'use_beta_sigmas: is true; supported: false'],
    [
      'exponential sigmas',
      { use_exponential_sigmas: true },
      'use_exponential_sigmas: is true; supported: false',
    ],
    [
      'an unknown end',
      { final_sigmas_type: 'none' },
      'final_sigmas_type: is "none"; supported: "zero", "sigma_min"',
    ],
    ['an unknown spacing', { timestep_spacing: 'random' }, 'timestep_spacing: is "random"'],
    ['sigmas the wrong way round', { sigma_min: 800 }, 'sigma_min: is 800; must be below sigma_max 700'],
    ['betas of its own', { trained_betas: [0.1] }, 'trained_betas: is [0.1]; supported: null'],
    [
      'a cosine schedule that sets the last sigma',
      { final_sigmas_type: 'sigma_min', beta_schedule: 'squaredcos_cap_v2' },
      'set final_sigmas_type to "zero"',
    ],
    [
      'rescaled betas that set the last sigma',
      { final_sigmas_type: 'sigma_min', rescale_betas_zero_snr: true },
      'rescale_betas_zero_snr: is true',
    ],
    ['an unknown field', { stochastic_sampling: true }, 'stochastic_sampling'],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(parse(changes)).rejects.toThrow(
      `scheduler/scheduler_config.json: ${message.startsWith('set') ? 'beta_schedule' : message}`,
    )
    await expect(parse(changes)).rejects.toThrow(message)
  })
})

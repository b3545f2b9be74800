import { describe, expect, test } from 'vitest'
import { parseSchedulerConfig, type SchedulerConfig } from '../../../../worker/checkpoint/scheduler-config.ts'
import { ALIGN_YOUR_STEPS_SIGMAS } from '../../../../worker/pipeline/scheduler/align-your-steps.ts'
import { createSchedule, type Schedule } from '../../../../worker/pipeline/scheduler/euler-discrete.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { readGolden } from '../../../fixtures/golden.ts'

const golden = await readGolden('scheduler')
const metadata = (key: string) => JSON.parse(golden.metadata[key] as string)
const configs = metadata('configs') as Record<string, Record<string, unknown>>
const custom = metadata('custom') as Record<string, number[]>
const mostSteps = metadata('most_steps') as number

/** One unit in the last place from 1 to 2: the reference's logarithm (MKL) is not correctly rounded everywhere. */
const TIMESTEP_TOLERANCE = { absolute: 2 ** -23 }

const expectTimesteps = (timesteps: Float32Array, key: string): void => {
  expectClose({ data: timesteps, shape: [timesteps.length] }, golden.tensor(key), TIMESTEP_TOLERANCE)
}

const configOf = (name: string): SchedulerConfig =>
  parseSchedulerConfig({ _class_name: 'EulerDiscreteScheduler', ...configs[name] })

const joined = (
  schedules: readonly Schedule[],
  part: (schedule: Schedule) => Iterable<number>,
): Float32Array => Float32Array.from(schedules.flatMap((schedule) => Array.from(part(schedule))))

describe('a schedule equals that of EulerDiscreteScheduler, with bit-identical noise levels,', () => {
  test.each(Object.keys(configs))(`with the config "%s", for 1 to ${mostSteps} steps`, (name) => {
    const finalSigma = golden.tensor(`${name}/sigmas`).data.at(-1) as number
    expect(Math.abs(configOf(name).finalSigma - finalSigma)).toBeLessThanOrEqual(finalSigma * 2 ** -23)
    const config = { ...configOf(name), finalSigma }
    const schedules = Array.from({ length: mostSteps }, (_, i) =>
      createSchedule({ config, numInferenceSteps: i + 1 }),
    )
    expect(joined(schedules, ({ sigmas }) => sigmas)).toEqual(golden.tensor(`${name}/sigmas`).data)
    expectTimesteps(
      joined(schedules, ({ timesteps }) => timesteps),
      `${name}/timesteps`,
    )
    const initNoiseSigmas = joined(schedules, ({ initNoiseSigma }) => [initNoiseSigma])
    expect(initNoiseSigmas).toEqual(golden.tensor(`${name}/init_noise_sigma`).data)
  })

  test.each(Object.entries(custom))('for given sigmas: %s', (name, sigmas) => {
    const schedule = createSchedule({ config: configOf('svd'), sigmas })
    expect(schedule.sigmas).toEqual(golden.tensor(`custom/${name}/sigmas`).data)
    expectTimesteps(schedule.timesteps, `custom/${name}/timesteps`)
    expect([schedule.initNoiseSigma]).toEqual(
      Array.from(golden.tensor(`custom/${name}/init_noise_sigma`).data),
    )
  })
})

test('the table of Align Your Steps equals that of diffusers', () => {
  expect(ALIGN_YOUR_STEPS_SIGMAS).toEqual(custom['align-your-steps'])
})

test('the 25 steps of SVD begin at sigma 700 and end with 0.002 and 0', () => {
  const { sigmas, timesteps, initNoiseSigma } = createSchedule({
    config: configOf('svd'),
    numInferenceSteps: 25,
  })
  expect([sigmas.length, timesteps.length]).toEqual([26, 25])
  expect([sigmas[0], sigmas[24], sigmas[25]]).toEqual([700, Math.fround(0.002), 0])
  expect(initNoiseSigma).toBeCloseTo(700.0007, 4)
})

describe('createSchedule', () => {
  const config = configOf('svd')
  const errorOf = (make: () => unknown): unknown => {
    try {
      make()
    } catch (error) {
      return error
    }
    return undefined
  }

  test.each([0, -1, 2.5, Number.NaN])('refuses %d steps', (numInferenceSteps) => {
    const error = errorOf(() => createSchedule({ config, numInferenceSteps }))
    expect(error).toMatchObject({ name: 'InvalidInputError', field: 'num_inference_steps' })
  })
})

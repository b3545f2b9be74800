import { describe, expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { decodeParameters } from '../../../shared/contracts/parameters-document.ts'
import type { RenderParameters } from '../../../shared/contracts/render-parameters.ts'
import { type DenoiseSpeed, openDenoiseSpeed, stepSpeedOf } from '../../../worker/jobs/denoise-speed.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'

/** 25 steps of SVD-XT, with guidance. */
const XT: RenderParameters = {
  ...decodeParameters(aJobMessage().parameters),
  ...{ width: 1024, height: 576, numFrames: 25, numInferenceSteps: 25 },
}
const SMALL: RenderParameters = { ...XT, width: 64, height: 64 }

/** Progress of a clip; of 25 steps by default. */
const at = (step: number, steps = 25) => ({ step, steps })

const faultOf = (speed: DenoiseSpeed, parameters: RenderParameters): string | null => {
  try {
    speed.assertEnds(parameters)
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(DoesNotFitError)
    return (error as Error).message
  }
}

/** A worker that has rendered a clip of SVD-XT, at 100 s a step: 432 of them take 12 h. */
const slow = (): DenoiseSpeed => {
  const speed = openDenoiseSpeed()
  speed.note(XT, at(25), 100)
  return speed
}

test('no job is refused while no step time is known', () => {
  expect(faultOf(openDenoiseSpeed(), { ...XT, numInferenceSteps: 1000, numVideosPerPrompt: 64 })).toBeNull()
})

describe('the measured step time', () => {
  test('refuses a job that needs longer than a lease can last, with the figures', () => {
    expect(faultOf(slow(), { ...XT, numInferenceSteps: 216, numVideosPerPrompt: 2 })).toBeNull()
    expect(faultOf(slow(), { ...XT, numInferenceSteps: 217, numVideosPerPrompt: 2 })).toBe(
      'time: denoising takes at least 12.1 h on this worker (217 steps x num_videos_per_prompt 2, ' +
        'each 100 s, measured, for width 1024 x height 576 x num_frames 25); a job may take 12 h, in which ' +
        'at most 432 of these steps end; lower one of these arguments, or take a faster machine',
    )
  })

  test('is scaled by pixels, frames and guidance passes', () => {
    const steps = { numInferenceSteps: 220 }
    expect(faultOf(slow(), { ...XT, ...steps, width: 2048 })).toContain('each 200 s')
    expect(faultOf(slow(), { ...XT, ...steps, numFrames: 50 })).toContain('at least 12.2 h')
    expect(faultOf(slow(), { ...XT, ...steps, numFrames: 50, maxGuidanceScale: 1 })).toBeNull()
    expect(faultOf(slow(), { ...XT, width: 8192, height: 8192, numFrames: 4096 })).toContain(
      'in which none of',
    )
  })

  test('is multiplied by the number of given sigmas', () => {
    const sigmas = Array.from({ length: 434 }, (_, i) => 434 - i)
    expect(faultOf(slow(), { ...XT, sigmas })).toContain('at least 12.0 h')
    expect(faultOf(slow(), { ...XT, sigmas: sigmas.slice(1), numInferenceSteps: 1000 })).toBeNull()
  })

  test('is that of the fastest clip, because slower clips may have shared the machine', () => {
    const speed = slow()
    speed.note(XT, at(25), 10)
    speed.note(XT, at(25), 300)
    expect(faultOf(speed, { ...XT, numInferenceSteps: 1000 })).toBeNull()
  })

  test('neither comes from a clip too small to fill the GPU nor judges such a clip', () => {
    const speed = openDenoiseSpeed()
    speed.note(SMALL, at(25), 10)
    expect(faultOf(speed, XT)).toBeNull()
    expect(faultOf(slow(), { ...SMALL, numInferenceSteps: 1000, numVideosPerPrompt: 64 })).toBeNull()
  })

  test('ignores the first steps of a clip, and progress without a step time', () => {
    const speed = openDenoiseSpeed()
    speed.note(XT, at(3), 10_000)
    speed.note(XT, at(25), null)
    expect(faultOf(speed, XT)).toBeNull()
  })
})

describe('a clip that renders', () => {
  test('is refused by its own step time after a tenth of its steps', () => {
    const long = { ...XT, numInferenceSteps: 1000 }
    const speed = openDenoiseSpeed()
    expect(speed.note(long, at(99, 1000), 50)).toBeNull()
    expect(speed.note(long, at(100, 1000), 50)?.message).toMatch(/^time: denoising takes at least 13\.9 h/)
  })

  test('continues when it can end within a lease', () => {
    expect(slow().note(XT, at(25), 100)).toBeNull()
  })
})

describe('the step time of the planner', () => {
  const counted = stepSpeedOf(XT, 200, 'counted')

  test('decides until a clip has been measured', () => {
    const speed = openDenoiseSpeed(counted)
    const long = { ...XT, numInferenceSteps: 217 }
    expect(faultOf(speed, long)).toContain('each 200 s, counted, for')
    speed.note(XT, at(25), 100)
    expect(faultOf(speed, long)).toBeNull()
  })

  test('is null for a clip too small to fill the GPU', () => {
    expect(stepSpeedOf(SMALL, 200, 'counted')).toBeNull()
  })
})

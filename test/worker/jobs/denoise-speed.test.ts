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

test('nothing is refused while nothing is known', () => {
  expect(faultOf(openDenoiseSpeed(), { ...XT, numInferenceSteps: 1000, numVideosPerPrompt: 64 })).toBeNull()
})

describe('by the measured seconds of a step', () => {
  test('a job is refused that takes longer than a message can be leased, with the figures', () => {
    expect(faultOf(slow(), { ...XT, numInferenceSteps: 216, numVideosPerPrompt: 2 })).toBeNull()
    expect(faultOf(slow(), { ...XT, numInferenceSteps: 217, numVideosPerPrompt: 2 })).toBe(
      'time: denoising takes at least 12.1 h on this worker (217 steps x num_videos_per_prompt 2, ' +
        'each 100 s, measured, for width 1024 x height 576 x num_frames 25); a job may take 12 h, in which ' +
        'at most 432 of these steps end; lower one of these arguments, or take a faster machine',
    )
  })

  test('it is scaled by pixels, frames and passes', () => {
    const steps = { numInferenceSteps: 220 }
    expect(faultOf(slow(), { ...XT, ...steps, width: 2048 })).toContain('each 200 s')
    expect(faultOf(slow(), { ...XT, ...steps, numFrames: 50 })).toContain('at least 12.2 h')
    expect(faultOf(slow(), { ...XT, ...steps, numFrames: 50, maxGuidanceScale: 1 })).toBeNull()
    expect(faultOf(slow(), { ...XT, width: 8192, height: 8192, numFrames: 4096 })).toContain(
      'in which none of',
    )
  })

  test('steps are those of the sigmas', () => {
    const sigmas = Array.from({ length: 434 }, (_, i) => 434 - i)
    expect(faultOf(slow(), { ...XT, sigmas })).toContain('at least 12.0 h')
    expect(faultOf(slow(), { ...XT, sigmas: sigmas.slice(1), numInferenceSteps: 1000 })).toBeNull()
  })

  test('the fastest clip counts: others may have shared the machine', () => {
    const speed = slow()
    speed.note(XT, at(25), 10)
    speed.note(XT, at(25), 300)
    expect(faultOf(speed, { ...XT, numInferenceSteps: 1000 })).toBeNull()
  })

  test('neither counts a clip that keeps no card busy, nor is one judged by a larger one', () => {
    const speed = openDenoiseSpeed()
    speed.note(SMALL, at(25), 10)
    expect(faultOf(speed, XT)).toBeNull()
    expect(faultOf(slow(), { ...SMALL, numInferenceSteps: 1000, numVideosPerPrompt: 64 })).toBeNull()
  })

  test('the first steps of a clip do not count, nor what has no pace yet', () => {
    const speed = openDenoiseSpeed()
    speed.note(XT, at(3), 10_000)
    speed.note(XT, at(25), null)
    expect(faultOf(speed, XT)).toBeNull()
  })
})

describe('a clip that is rendered', () => {
  test('is refused by its own pace once a tenth of it is done', () => {
    const long = { ...XT, numInferenceSteps: 1000 }
    const speed = openDenoiseSpeed()
    expect(speed.note(long, at(99, 1000), 50)).toBeNull()
    expect(speed.note(long, at(100, 1000), 50)?.message).toMatch(/^time: denoising takes at least 13\.9 h/)
  })

  test('goes on if it can end in time', () => {
    expect(slow().note(XT, at(25), 100)).toBeNull()
  })
})

describe("the planner's speed", () => {
  const counted = stepSpeedOf(XT, 200, 'counted')

  test('decides until a clip was measured', () => {
    const speed = openDenoiseSpeed(counted)
    const long = { ...XT, numInferenceSteps: 217 }
    expect(faultOf(speed, long)).toContain('each 200 s, counted, for')
    speed.note(XT, at(25), 100)
    expect(faultOf(speed, long)).toBeNull()
  })

  test('is none for a clip that keeps no card busy', () => {
    expect(stepSpeedOf(SMALL, 200, 'counted')).toBeNull()
  })
})

import { expect, test } from 'vitest'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { stepsOfSigmas } from '../../../shared/contracts/schedule-steps.ts'
import { ALIGN_YOUR_STEPS_SIGMAS } from '../../../worker/pipeline/scheduler/align-your-steps.ts'

test('align-your-steps has as many steps as its sigmas', () => {
  expect(stepsOfSigmas('align-your-steps')).toBe(stepsOfSigmas(ALIGN_YOUR_STEPS_SIGMAS))
})

test.each([
  { num_inference_steps: 10, sigmas: 'align-your-steps' },
  { num_inference_steps: 3, sigmas: [700, 15.6, 0.5, 0] },
  { sigmas: 'align-your-steps' },
  { num_inference_steps: 4 },
])('parseRenderArguments accepts %o', (given) => {
  expect(parseRenderArguments(given)).toEqual(given)
})

test('parseRenderArguments refuses steps that contradict a list of sigmas, with both fields, the rule and a fix', () => {
  const given = { num_inference_steps: 30, sigmas: [700, 1, 0] }
  expect(() => parseRenderArguments(given, (name) => `--${name}`)).toThrow(
    '--num_inference_steps: got 30, and --sigmas is a list of 3 values, which makes 2 steps; must be 2: ' +
      'correct it, or give only one of the two',
  )
})

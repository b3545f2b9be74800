import { describe, expect, test } from 'vitest'
import { createEtaEstimator } from '../../../worker/jobs/eta-estimator.ts'

test('the estimator has no estimate before the first denoising step', () => {
  const timeLeft = createEtaEstimator()
  expect(timeLeft.secondsLeft(0)).toBe(null)

  timeLeft.update({ phase: 'load', step: 0, steps: 1 }, 0)
  timeLeft.update({ phase: 'denoise', step: 0, steps: 25 }, 5_000)

  expect(timeLeft.secondsLeft(6_000)).toBe(null)
})

test('the estimator expects past step times for further steps, and half the denoising time for decoding', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 10_000)
  timeLeft.update({ phase: 'denoise', step: 5, steps: 20 }, 20_000)

  // 2 s a step: 15 steps, and 20 s for decoding.
  expect(timeLeft.secondsLeft(20_000)).toBe(50)
  expect(timeLeft.secondsLeft(21_000)).toBe(49)
})

test('the estimator counts from the first step that it receives', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 3, steps: 4 }, 10_000)
  expect(timeLeft.secondsLeft(10_000)).toBe(null)

  timeLeft.update({ phase: 'denoise', step: 4, steps: 4 }, 12_000)

  expect(timeLeft.secondsLeft(12_000)).toBe(4)
})

test('the estimator expects past chunk times for further chunks during decoding', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 4 }, 0)
  timeLeft.update({ phase: 'decode', step: 0, steps: 4 }, 8_000)
  expect(timeLeft.secondsLeft(8_000)).toBe(4)

  timeLeft.update({ phase: 'decode', step: 1, steps: 4 }, 9_000)

  expect(timeLeft.secondsLeft(9_500)).toBe(2.5)
})

test('the estimate is never below zero', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 4 }, 0)
  timeLeft.update({ phase: 'denoise', step: 4, steps: 4 }, 4_000)

  expect(timeLeft.secondsLeft(60_000)).toBe(0)
})

describe('the warm-up', () => {
  const warmedUp = () => {
    const timeLeft = createEtaEstimator()
    timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 0)
    timeLeft.update({ phase: 'denoise', step: 0, steps: 20, firstRun: true }, 5_000)
    timeLeft.update({ phase: 'denoise', step: 1, steps: 20 }, 32_000)
    return timeLeft
  }

  test('of denoising gives no estimate for the steps after it', () => {
    expect(warmedUp().secondsLeft(32_000)).toBe(null)
  })

  test('of denoising is added once more for decoding', () => {
    const timeLeft = warmedUp()
    timeLeft.update({ phase: 'denoise', step: 2, steps: 20 }, 34_000)

    // 2 s a step: 18 steps, 20 s for decoding, and the 30 s that the first step took longer.
    expect(timeLeft.secondsLeft(34_000)).toBe(86)
  })

  test('of denoising is expected for decoding until the first chunk has ended', () => {
    const timeLeft = warmedUp()
    timeLeft.update({ phase: 'denoise', step: 20, steps: 20 }, 70_000)
    timeLeft.update({ phase: 'decode', step: 0, steps: 4 }, 70_000)
    expect(timeLeft.secondsLeft(70_000)).toBe(50)

    timeLeft.update({ phase: 'decode', step: 0, steps: 4, firstRun: true }, 71_000)
    expect(timeLeft.secondsLeft(71_000)).toBe(49)

    timeLeft.update({ phase: 'decode', step: 1, steps: 4 }, 90_000)
    expect(timeLeft.secondsLeft(90_000)).toBe(15)
  })

  test('of decoding is added once more for a last chunk of another length', () => {
    const timeLeft = createEtaEstimator()
    timeLeft.update({ phase: 'decode', step: 0, steps: 4 }, 0)
    timeLeft.update({ phase: 'decode', step: 0, steps: 4, firstRun: true }, 1_000)
    timeLeft.update({ phase: 'decode', step: 1, steps: 4 }, 24_000)
    timeLeft.update({ phase: 'decode', step: 2, steps: 4 }, 28_000)
    expect(timeLeft.secondsLeft(28_000)).toBe(28)

    timeLeft.update({ phase: 'decode', step: 4, steps: 4 }, 60_000)
    expect(timeLeft.secondsLeft(60_000)).toBe(0)
  })
})

test('a render that restarts with a smaller plan is estimated without its earlier steps', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 0)
  timeLeft.update({ phase: 'denoise', step: 2, steps: 20 }, 80_000)
  timeLeft.update({ phase: 'load', step: 0, steps: 1 }, 90_000)
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 100_000)
  timeLeft.update({ phase: 'denoise', step: 5, steps: 20 }, 110_000)

  expect(timeLeft.secondsLeft(110_000)).toBe(50)
})

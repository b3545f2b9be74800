import { describe, expect, test } from 'vitest'
import { createEtaEstimator } from '../../../worker/jobs/eta-estimator.ts'

test('cannot say before the first step', () => {
  const timeLeft = createEtaEstimator()
  expect(timeLeft.secondsLeft(0)).toBe(null)

  timeLeft.update({ phase: 'load', step: 0, steps: 1 }, 0)
  timeLeft.update({ phase: 'denoise', step: 0, steps: 25 }, 5_000)

  expect(timeLeft.secondsLeft(6_000)).toBe(null)
})

test('takes the steps so far for the others, and half as long as all of them for decoding', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 10_000)
  timeLeft.update({ phase: 'denoise', step: 5, steps: 20 }, 20_000)

  // 2 s a step: 15 steps, and 20 s for decoding.
  expect(timeLeft.secondsLeft(20_000)).toBe(50)
  expect(timeLeft.secondsLeft(21_000)).toBe(49)
})

test('counts from the first step that it hears of', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 3, steps: 4 }, 10_000)
  expect(timeLeft.secondsLeft(10_000)).toBe(null)

  timeLeft.update({ phase: 'denoise', step: 4, steps: 4 }, 12_000)

  expect(timeLeft.secondsLeft(12_000)).toBe(4)
})

test('while decoding knows it from the chunks so far', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 4 }, 0)
  timeLeft.update({ phase: 'decode', step: 0, steps: 4 }, 8_000)
  expect(timeLeft.secondsLeft(8_000)).toBe(4)

  timeLeft.update({ phase: 'decode', step: 1, steps: 4 }, 9_000)

  expect(timeLeft.secondsLeft(9_500)).toBe(2.5)
})

test('is never less than nothing', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 4 }, 0)
  timeLeft.update({ phase: 'denoise', step: 4, steps: 4 }, 4_000)

  expect(timeLeft.secondsLeft(60_000)).toBe(0)
})

describe('a warm-up', () => {
  const warmedUp = () => {
    const timeLeft = createEtaEstimator()
    timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 0)
    timeLeft.update({ phase: 'denoise', step: 0, steps: 20, firstRun: true }, 5_000)
    timeLeft.update({ phase: 'denoise', step: 1, steps: 20 }, 32_000)
    return timeLeft
  }

  test('tells nothing of the steps after it', () => {
    expect(warmedUp().secondsLeft(32_000)).toBe(null)
  })

  test('is expected once more, for decoding', () => {
    const timeLeft = warmedUp()
    timeLeft.update({ phase: 'denoise', step: 2, steps: 20 }, 34_000)

    // 2 s a step: 18 steps, 20 s for decoding, and the 30 s that the first step took longer.
    expect(timeLeft.secondsLeft(34_000)).toBe(86)
  })

  test('of denoising is as long in decoding until its first chunk is there', () => {
    const timeLeft = warmedUp()
    timeLeft.update({ phase: 'denoise', step: 20, steps: 20 }, 70_000)
    timeLeft.update({ phase: 'decode', step: 0, steps: 4 }, 70_000)
    expect(timeLeft.secondsLeft(70_000)).toBe(50)

    timeLeft.update({ phase: 'decode', step: 0, steps: 4, firstRun: true }, 71_000)
    expect(timeLeft.secondsLeft(71_000)).toBe(49)

    timeLeft.update({ phase: 'decode', step: 1, steps: 4 }, 90_000)
    expect(timeLeft.secondsLeft(90_000)).toBe(15)
  })

  test('of decoding is expected once more, for a last chunk of another length', () => {
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

test('a render that begins anew, with a smaller plan, is judged by itself alone', () => {
  const timeLeft = createEtaEstimator()
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 0)
  timeLeft.update({ phase: 'denoise', step: 2, steps: 20 }, 80_000)
  timeLeft.update({ phase: 'load', step: 0, steps: 1 }, 90_000)
  timeLeft.update({ phase: 'denoise', step: 0, steps: 20 }, 100_000)
  timeLeft.update({ phase: 'denoise', step: 5, steps: 20 }, 110_000)

  expect(timeLeft.secondsLeft(110_000)).toBe(50)
})

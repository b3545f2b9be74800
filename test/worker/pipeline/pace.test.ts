import { describe, expect, test } from 'vitest'
import { followPace } from '../../../worker/pipeline/pace.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'

/** The pace after each of the marks: [seconds, step], or [seconds, step, 'first run']. */
const paceAfter = (
  steps: number,
  ...marks: readonly (readonly [seconds: number, step: number, kind?: 'first run'])[]
) => {
  const pace = followPace()
  for (const [seconds, step, kind] of marks) {
    const progress: Progress = { phase: 'denoise', step, steps }
    pace.update(kind === undefined ? progress : { ...progress, firstRun: true }, seconds * 1000)
  }
  return { msPerStep: pace.msPerStep(), warmUpMs: pace.warmUpMs() }
}

describe('the pace without a first run', () => {
  test('is unknown before the second report of progress', () => {
    expect(followPace().msPerStep()).toBe(null)
    expect(paceAfter(25, [9, 0])).toEqual({ msPerStep: null, warmUpMs: 0 })
  })

  test('is known from the first step on, and counts that step', () => {
    expect(paceAfter(25, [10, 0], [12, 1])).toEqual({ msPerStep: 2000, warmUpMs: 0 })
    expect(paceAfter(25, [10, 0], [12, 1], [18, 2])).toEqual({ msPerStep: 4000, warmUpMs: 0 })
  })

  test('counts only the steps that were reported', () => {
    expect(paceAfter(25, [10, 5], [20, 10])).toEqual({ msPerStep: 2000, warmUpMs: 0 })
    expect(paceAfter(25, [10, 1])).toEqual({ msPerStep: null, warmUpMs: 0 })
  })
})

describe('the pace, if the first step is a first run,', () => {
  test('is unknown until the step after it, and leaves it out', () => {
    const marks = [
      [0, 0],
      [5, 0, 'first run'],
      [62, 1],
    ] as const
    expect(paceAfter(25, ...marks)).toEqual({ msPerStep: null, warmUpMs: 0 })
    expect(paceAfter(25, ...marks, [64, 2])).toEqual({ msPerStep: 2000, warmUpMs: 60_000 })
    expect(paceAfter(25, ...marks, [64, 2], [68, 3])).toEqual({ msPerStep: 3000, warmUpMs: 59_000 })
  })

  test('is the same with several first runs in that step', () => {
    expect(paceAfter(25, [0, 0], [5, 0, 'first run'], [40, 0, 'first run'], [62, 1], [64, 2])).toEqual({
      msPerStep: 2000,
      warmUpMs: 60_000,
    })
  })

  test('includes the whole first run if at most one step is left', () => {
    expect(paceAfter(2, [0, 0], [1, 0, 'first run'], [30, 1])).toEqual({ msPerStep: 30_000, warmUpMs: 0 })
    expect(paceAfter(1, [0, 0], [1, 0, 'first run'], [30, 1])).toEqual({ msPerStep: 30_000, warmUpMs: 0 })
    expect(paceAfter(3, [0, 0], [1, 0, 'first run'], [30, 1])).toEqual({ msPerStep: null, warmUpMs: 0 })
  })
})

test('the pace counts later first runs of the phase', () => {
  expect(
    paceAfter(
      9,
      [0, 0],
      [1, 0, 'first run'],
      [30, 1],
      [31, 1, 'first run'],
      [50, 2],
      [51, 2, 'first run'],
      [70, 3],
    ),
  ).toEqual({ msPerStep: 20_000, warmUpMs: 10_000 })
  expect(paceAfter(9, [0, 0], [2, 1], [3, 1, 'first run'], [22, 2])).toEqual({
    msPerStep: 11_000,
    warmUpMs: 0,
  })
})

import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { clipShapeOf } from '../../../worker/cli/clip-options.ts'
import { countClipWork } from '../../../worker/cli/count-clip-work.ts'
import { TARGETS } from '../../../worker/compiler/compile.ts'
import { deviceSecondsOf } from '../../../worker/plan/device-seconds.ts'
import type { Work } from '../../../worker/plan/graph-work.ts'
import { XT_CONFIGS } from '../cli/a-command-line.ts'
import { PUBLISHED_TIMES } from './published-times.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
const workOf = (steps: number): Work =>
  countClipWork(xt, clipShapeOf({ numInferenceSteps: String(steps) }, xt, TARGETS.cpu)).work
const WORK = new Map([20, 25].map((steps) => [steps, workOf(steps)]))

describe('published times of SVD-XT', () => {
  test.each(PUBLISHED_TIMES)('$card: $seconds s lies within the prediction', ({ speed, steps, seconds }) => {
    const work = WORK.get(steps)
    if (work === undefined) throw new Error(`no work for ${steps} steps`)
    const predicted = deviceSecondsOf(work, speed).seconds
    expect(seconds).toBeGreaterThanOrEqual(predicted.low)
    expect(seconds).toBeLessThanOrEqual(predicted.high)
  })

  test('reach to both ends of the prediction: the range is as narrow as they allow, but for a quarter', () => {
    const a100 = PUBLISHED_TIMES.filter(({ card }) => card.startsWith('A100')).map(({ seconds }) => seconds)
    const { seconds } = deviceSecondsOf(workOf(25), { fp16Tflops: 312, memoryGbPerSecond: 2039 })
    expect(Math.min(...a100) / seconds.low).toBeLessThan(1.25)
    expect(seconds.high / Math.max(...a100)).toBeLessThan(1.05)
  })
})

describe('seconds of a clip', () => {
  const WORK: Work = {
    flops: 700e12,
    referenceFlops: 990e12,
    fusedTrafficBytes: 1e12,
    unfusedTrafficBytes: 4e12,
  }

  test('are its products at a share of the peak, and its traffic at full bandwidth', () => {
    // 700 / (100 x 0.7) = 10; 990 / (100 x 0.33) = 30; 1000 / 500 = 2; 4000 / 500 = 8
    const { seconds, computeSeconds, trafficSeconds, limit } = deviceSecondsOf(WORK, {
      fp16Tflops: 100,
      memoryGbPerSecond: 500,
    })
    expect(computeSeconds.low).toBeCloseTo(10, 9)
    expect(computeSeconds.high).toBeCloseTo(30, 9)
    expect(trafficSeconds).toEqual({ low: 2, high: 8 })
    expect(seconds.low).toBeCloseTo(12, 9)
    expect(seconds.high).toBeCloseTo(38, 9)
    expect(limit).toBe('compute')
  })

  test('are limited by the memory of a card that computes faster than it reads', () => {
    expect(deviceSecondsOf(WORK, { fp16Tflops: 1000, memoryGbPerSecond: 500 }).limit).toBe('memory bandwidth')
  })
})

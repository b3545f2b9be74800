import { describe, expect, test } from 'vitest'
import { GPUS } from '../../../shared/fleet/gpus.ts'
import type { MeasuredTime, TimedClip } from '../../../worker/plan/measured-times.ts'
import { type ClipToPlan, type PlanQuestion, planInstance } from '../../../worker/plan/plan-instance.ts'
import { clipSecondsOf } from '../../../worker/plan/roofline.ts'

const TIMED: TimedClip = {
  ...{ unetParameters: 7, width: 64, height: 64, numFrames: 2, steps: 1 },
  ...{ guidance: false, decodeChunk: 2, precision: 'fp16' },
}
const CLIP: ClipToPlan = {
  graphs: [{ runsPerClip: 1, work: { nodes: [{ flops: 1e15, bytes: 1e9, usesTensorCores: true }] } }],
  timed: TIMED,
  planOnCard: (availableBytes) => ({
    ...{
      fits: true,
      memory: 'resident',
      decodeChunk: 2,
      exact: null,
      graphs: [],
      needBytes: 1,
      availableBytes,
      host: null,
    },
  }),
  decodeChunk: 2,
  modelBytes: 1e9,
}
const QUESTION: PlanQuestion = {
  ...{ clips: 1000, purchase: 'on-demand', workers: 1, withinSeconds: null },
  ...{ givenSeconds: null, measuredTimes: [] },
}
const TIME: MeasuredTime = {
  ...{ card: 'L40S', clip: TIMED, secondsPerClip: 30, driver: '580.126', commit: 'a1b2c3d' },
  versions: { onnxruntime: '1.30.0', cuda: '13.0', cudnn: '9.28' },
}
const PRICE = { low: 1, high: 1 }

describe('seconds per clip', () => {
  test('are counted if nothing was measured', () => {
    const plan = planInstance('g6e.xlarge', PRICE, CLIP, QUESTION)
    expect(plan).toMatchObject({ basis: 'counted', measured: null, limits: ['compute'] })
    expect(plan.secondsPerClip).toEqual(clipSecondsOf(CLIP.graphs, GPUS.l40s).seconds)
  })

  test('are the measured ones of this GPU and clip if they exist, with their source', () => {
    const question = { ...QUESTION, measuredTimes: [TIME] }
    expect(planInstance('g6e.xlarge', PRICE, CLIP, question)).toMatchObject({
      ...{ basis: 'measured', measured: TIME, limits: [] },
      secondsPerClip: { low: 30, high: 30 },
    })
    expect(planInstance('g6.xlarge', PRICE, CLIP, question).basis).toBe('counted')
  })

  test('are those of the caller in preference to all others', () => {
    const question = { ...QUESTION, givenSeconds: 12, measuredTimes: [TIME] }
    expect(planInstance('g6e.xlarge', PRICE, CLIP, question)).toMatchObject({
      ...{ basis: 'measured', measured: null, secondsPerClip: { low: 12, high: 12 } },
    })
  })
})

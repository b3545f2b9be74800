import { describe, expect, test } from 'vitest'
import { GPUS } from '../../../shared/fleet/gpus.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { clipShapeOf } from '../../../worker/cli/graphs/clip-options.ts'
import { countClip } from '../../../worker/cli/graphs/clip-statistics.ts'
import type { NodeWork } from '../../../worker/compiler/graph/node-work.ts'
import { cudaTargets } from '../../../worker/compiler/targets/clip-targets.ts'
import {
  clipSecondsOf,
  deviceSecondsOf,
  type GraphRuns,
  limitOf,
  REACHED,
  type Speed,
} from '../../../worker/plan/roofline.ts'
import { XT_CONFIGS } from '../cli/a-command-line.ts'
import { PUBLISHED_TIMES } from './published-times.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
const TARGETS = cudaTargets({ precision: 'fp16', forceUpcast: true })
const graphsOf = (steps: number): readonly GraphRuns[] =>
  countClip(xt, clipShapeOf({ numInferenceSteps: String(steps) }, xt, TARGETS)).graphs
const GRAPHS = new Map([20, 25].map((steps) => [steps, graphsOf(steps)]))

const predicted = (steps: number, speed: Speed) => {
  const graphs = GRAPHS.get(steps)
  if (graphs === undefined) throw new Error(`no graphs for ${steps} steps`)
  return clipSecondsOf(graphs, speed).seconds
}

describe('a published time of SVD-XT', () => {
  test.each(PUBLISHED_TIMES)(
    'is within the counted range on $card: $seconds s',
    ({ speed, steps, seconds }) => {
      const { low, high } = predicted(steps, speed)
      expect(seconds).toBeGreaterThanOrEqual(low)
      expect(seconds).toBeLessThanOrEqual(high)
    },
  )

  test.each(PUBLISHED_TIMES)(
    'is less than 2.5 times the lower bound on $card: $seconds s',
    ({ speed, steps, seconds }) => {
      expect(seconds / predicted(steps, speed).low).toBeLessThan(2.5)
    },
  )

  test('is close to each end of the range, so that the range is not wider than necessary', () => {
    const ratios = PUBLISHED_TIMES.map(({ speed, steps, seconds }) => {
      const { low, high } = predicted(steps, speed)
      return { toLow: seconds / low, toHigh: high / seconds }
    })
    expect(Math.min(...ratios.map(({ toLow }) => toLow))).toBeLessThan(1.05)
    expect(Math.min(...ratios.map(({ toHigh }) => toHigh))).toBeLessThan(1.05)
  })
})

const CARD: Speed = { fp16Tflops: 100, fp32Tflops: 10, memoryGbPerSecond: 1000, holdsClock: true }
const TERA = 1e12
const inTensorCores = (tflops: number, gigabytes: number): NodeWork => ({
  ...{ flops: tflops * TERA, bytes: gigabytes * 1e9 },
  usesTensorCores: true,
})
const outside = (tflops: number, gigabytes: number): NodeWork => ({
  ...inTensorCores(tflops, gigabytes),
  usesTensorCores: false,
})
const { fast, slow } = REACHED

describe('the seconds of a graph', () => {
  test('are the longer of computing and moving bytes, node by node', () => {
    // 7 TFLOPs at 70 of 100: 0.1 s, and 9 GB at 900 GB/s: 0.01 s. 18 GB: 0.02 s.
    const { computeSeconds, trafficSeconds, seconds, launchSeconds } = deviceSecondsOf(
      [inTensorCores(7, 9), outside(0, 18)],
      CARD,
    )
    expect(computeSeconds.low).toBeCloseTo(7 / (100 * fast.tensorCores), 12)
    expect(computeSeconds.low).toBeCloseTo(0.1, 12)
    expect(trafficSeconds.low).toBeCloseTo(0.02, 12)
    expect(computeSeconds.high).toBeCloseTo(7 / (100 * slow.tensorCores), 12)
    expect(trafficSeconds.high).toBeCloseTo(18 / (1000 * slow.bandwidth), 12)
    expect(launchSeconds).toEqual({ low: 2 * fast.launchSeconds, high: 2 * slow.launchSeconds })
    expect(seconds.low).toBeCloseTo(0.12 + 4e-6, 12)
  })

  test('use the float32 peak outside the tensor cores', () => {
    const { low, high } = deviceSecondsOf([outside(9, 0)], CARD).computeSeconds
    expect(low).toBeCloseTo(9 / (10 * fast.float32), 12)
    expect(high).toBeCloseTo(9 / (10 * slow.float32), 12)
  })

  test('include no launch of a node that only renames bytes', () => {
    expect(deviceSecondsOf([outside(0, 0)], CARD).seconds).toEqual({ low: 0, high: 0 })
  })

  test('are longer only at the slow end if a GPU does not hold its clock', () => {
    const nodes = [inTensorCores(7, 0)]
    const held = deviceSecondsOf(nodes, CARD).computeSeconds
    const limited = deviceSecondsOf(nodes, { ...CARD, holdsClock: false }).computeSeconds
    expect(limited.low).toBe(held.low)
    expect(limited.high).toBeCloseTo(held.high / slow.clock, 12)
  })

  test('add up over the runs of a clip', () => {
    const graphs = [
      { runsPerClip: 25, work: { nodes: [inTensorCores(7, 1)] } },
      { runsPerClip: 1, work: { nodes: [outside(0, 18)] } },
    ]
    const { computeSeconds, trafficSeconds } = clipSecondsOf(graphs, CARD)
    expect(computeSeconds.low).toBeCloseTo(2.5, 12)
    expect(trafficSeconds.low).toBeCloseTo(0.02, 12)
  })

  test.each([
    ['compute', [inTensorCores(7, 9)]],
    ['memory bandwidth', [inTensorCores(0.01, 9)]],
    ['launches', Array.from({ length: 100 }, () => outside(0, 1e-6))],
  ] as const)('are limited by %s', (limit, nodes) => {
    expect(limitOf(deviceSecondsOf(nodes, CARD))).toBe(limit)
  })
})

test('a faster GPU takes fewer seconds', () => {
  const of = (speed: Speed): number => predicted(25, speed).low
  const seconds = [GPUS.t4, GPUS.a10g, GPUS.l40s, GPUS.a100, GPUS['h100-pcie'], GPUS.h100, GPUS.h200].map(of)
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a))
})

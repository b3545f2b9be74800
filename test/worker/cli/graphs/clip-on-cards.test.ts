import { describe, expect, test } from 'vitest'
import { GPUS } from '../../../../shared/fleet/gpus.ts'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { type CountOnCard, countOnCards } from '../../../../worker/cli/graphs/clip-on-cards.ts'
import { clipShapeOf } from '../../../../worker/cli/graphs/clip-options.ts'
import type { GraphCount } from '../../../../worker/cli/graphs/clip-statistics.ts'
import { countCards } from '../../../../worker/cli/graphs/inspect-cards.ts'
import { cudaTargets, type Precision } from '../../../../worker/compiler/targets/clip-targets.ts'
import { deviceSecondsOf } from '../../../../worker/plan/roofline.ts'
import { XT_CONFIGS } from '../a-command-line.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })

const countIn = (precision: Precision) => {
  const targetsOn = (computeCapability: number | null) =>
    cudaTargets({ precision, forceUpcast: true, computeCapability })
  const shape = clipShapeOf({}, xt, targetsOn(null))
  return { shape, countOn: countOnCards(xt, shape, targetsOn) }
}

const stepOn = (countOn: CountOnCard, card: Parameters<CountOnCard>[0]): GraphCount => {
  const step = countOn(card).statistics.graphs.find(({ name }) => name === 'denoise_step')
  if (step === undefined) throw new Error('no denoise step')
  return step
}

describe('SVD-XT on GPUs', () => {
  test('needs as many FLOPs on a T4, in fewer nodes that move fewer bytes', () => {
    const { countOn } = countIn('fp16')
    const [own, any] = [stepOn(countOn, GPUS.t4), stepOn(countOn, null)]
    expect(own.flops).toBe(any.flops)
    // 32 attentions, each with one product of x instead of three.
    const launchesOf = ({ work }: GraphCount): number => work.nodes.filter(({ bytes }) => bytes > 0).length
    expect(launchesOf(any) - launchesOf(own)).toBe(64)
    expect(any.work.movedBytes - own.work.movedBytes).toBeGreaterThan(10e9)
    expect(own.work.sessionWeightBytes / any.work.sessionWeightBytes).toBeCloseTo(1, 6)
  })

  test('is counted once for all GPUs that run the same graphs', () => {
    const { countOn } = countIn('fp16')
    const others = Object.values(GPUS).filter((gpu) => gpu !== GPUS.t4)
    expect(new Set([null, ...others].map(countOn)).size).toBe(1)
    expect(countOn(GPUS.t4)).not.toBe(countOn(null))
    expect(countOn(GPUS.t4)).toBe(countOn(GPUS.t4))
  })

  test('runs the same graphs on a T4 as on other GPUs in float32', () => {
    const { countOn } = countIn('fp32')
    expect(countOn(GPUS.t4)).toBe(countOn(null))
  })

  test("is timed with each GPU's own graphs", () => {
    const { shape, countOn } = countIn('fp16')
    const secondsOf = Object.fromEntries(
      countCards(shape, countOn).map(({ gpu, stepSeconds }) => [gpu.name, stepSeconds]),
    )
    expect(secondsOf['T4']).toEqual(deviceSecondsOf(stepOn(countOn, GPUS.t4).work.nodes, GPUS.t4).seconds)
    expect(secondsOf['L4']).toEqual(deviceSecondsOf(stepOn(countOn, null).work.nodes, GPUS.l4).seconds)
  })

  test('needs as much memory on a T4 as on later GPUs, plus 0.5 GiB in the mode resident', () => {
    const { countOn } = countIn('fp16')
    const needsOn = (card: Parameters<CountOnCard>[0]) => countOn(card).memory.needs
    const [own, any] = [needsOn(GPUS.t4), needsOn(null)]
    for (const mode of ['offload', 'lowVram'] as const) expect(own[mode] / any[mode], mode).toBeCloseTo(1, 2)
    // For the float32 VAE encoder cuDNN takes more on sm_75, which has no TF32: 2 instead of 1.5 GiB.
    expect((own.resident - any.resident) / 2 ** 29).toBeCloseTo(1, 4)
  })
})

import { expect, test } from 'vitest'
import { GPUS, type Gpu } from '../../../../shared/fleet/gpus.ts'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { countOnCards } from '../../../../worker/cli/graphs/clip-on-cards.ts'
import { clipShapeOf } from '../../../../worker/cli/graphs/clip-options.ts'
import { countedSpeedOf } from '../../../../worker/cli/worker/counted-speed.ts'
import { cudaTargets } from '../../../../worker/compiler/targets/clip-targets.ts'
import { deviceSecondsOf } from '../../../../worker/plan/roofline.ts'
import { XT_CONFIGS } from '../a-command-line.ts'

const cardOf = (name: string, computeCapability: number) => ({
  name,
  choice: { provider: 'cuda', uuid: 'GPU-1', precision: 'fp16', computeCapability } as const,
})
const XT = { dir: XT_CONFIGS, variant: null }

/** The fast end of a step of SVD-XT, as `svd plan` counts it. */
const stepSecondsOn = async (gpu: Gpu): Promise<number> => {
  const checkpoint = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
  const targetsOn = (computeCapability: number | null) =>
    cudaTargets({ precision: 'fp16', forceUpcast: true, computeCapability })
  const countOn = countOnCards(checkpoint, clipShapeOf({}, checkpoint, targetsOn(null)), targetsOn)
  const step = countOn(gpu).statistics.graphs.find(({ name }) => name === 'denoise_step')
  return deviceSecondsOf(step!.work.nodes, gpu).seconds.low
}

test.each([
  ['Tesla T4', GPUS.t4],
  ['NVIDIA L40S', GPUS.l40s],
] as const)("the counted speed of SVD-XT on %s is the fast end of the planner's range", async (name, gpu) => {
  const speed = await countedSpeedOf(XT, cardOf(name, gpu.computeCapability))

  const pixels = 2 * 25 * 1024 * 576
  expect(speed).toEqual({ secondsPerPixel: (await stepSecondsOn(gpu)) / pixels, source: 'counted' })
})

test.each([
  ['the CPU', XT, { name: 'NVIDIA L40S', choice: { provider: 'cpu' } as const }],
  ['a GPU that the planner does not know', XT, cardOf('NVIDIA GeForce RTX 4090', 89)],
  ['a checkpoint of small clips', { dir: 'worker/demo', variant: null }, cardOf('NVIDIA L40S', 89)],
])('countedSpeedOf returns null for %s', async (_, model, device) => {
  expect(await countedSpeedOf(model, device)).toBeNull()
})

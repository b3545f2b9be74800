import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { GPUS, type Gpu } from '../../../shared/fleet/gpus.ts'
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import { compileClip, vaeScaleFactor } from '../../compiler/compile.ts'
import { cudaTargets } from '../../compiler/targets/clip-targets.ts'
import type { ClipDevice } from '../../device/clip-device.ts'
import { type StepSpeed, stepSpeedOf } from '../../jobs/denoise-speed.ts'
import type { OpenModel } from '../../models/open-model.ts'
import { graphWorkOf } from '../../plan/graph-work.ts'
import { deviceSecondsOf } from '../../plan/roofline.ts'
import { clipShapeOf } from '../graphs/clip-options.ts'

/** The cards of the planner by the names that NVIDIA's driver gives them. */
const BY_DRIVER_NAME: ReadonlyMap<string, Gpu> = new Map<string, Gpu>([
  ['Tesla T4', GPUS.t4],
  ['NVIDIA L4', GPUS.l4],
  ['NVIDIA A10G', GPUS.a10g],
  ['NVIDIA L40S', GPUS.l40s],
  ['NVIDIA A100-SXM4-40GB', GPUS.a100],
  ['NVIDIA A100 80GB PCIe', GPUS['a100-80gb-pcie']],
  ['NVIDIA A100-SXM4-80GB', GPUS['a100-80gb']],
  ['NVIDIA H100 PCIe', GPUS['h100-pcie']],
  ['NVIDIA H100 80GB HBM3', GPUS.h100],
  ['NVIDIA H200', GPUS.h200],
])

/**
 * The planner's speed of denoising on a worker's card: the fast end for a clip with the checkpoint's own defaults. `null`
 * on the CPU, on a card that the planner does not know, and for a checkpoint of small clips. Takes a second. Throws
 * InvalidInputError for a checkpoint that cannot be used.
 */
export const countedSpeedOf = async (
  { dir, variant }: Pick<OpenModel, 'dir' | 'variant'>,
  { choice, name }: Pick<ClipDevice, 'choice' | 'name'>,
): Promise<StepSpeed | null> => {
  const gpu = BY_DRIVER_NAME.get(name)
  if (choice.provider !== 'cuda' || gpu === undefined) return null
  const checkpoint = await openCheckpoint(dir, {
    weights: 'optional',
    ...(variant !== null && { variant }),
  })
  const { precision, computeCapability } = choice
  const { config } = checkpoint.vae
  const targets = cudaTargets({ precision, forceUpcast: config.forceUpcast, computeCapability })
  const shape = clipShapeOf({}, checkpoint, targets)
  const graph = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 }).denoiseStep()
  const { seconds } = deviceSecondsOf(graphWorkOf(graph).nodes, gpu)
  const parameters = resolveParameters({}, checkpoint.defaults, { vaeScaleFactor: vaeScaleFactor(config) })
  return stepSpeedOf(parameters, seconds.low, 'counted')
}

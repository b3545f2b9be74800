import { formatBytes } from '../../../shared/size-text.ts'
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts'
import { compileClip } from '../../compiler/compile.ts'
import { cpuTargets, cudaTargets } from '../../compiler/targets/clip-targets.ts'
import type { Targets } from '../../compiler/targets/target.ts'
import { smVersionOf } from '../../cuda/cards.ts'
import { chooseDevice } from '../../cuda/choose-device.ts'
import {
  cpuDeviceMemory,
  cudaDeviceMemory,
  cudaHostSupply,
  HOST_RUNTIME_BYTES,
} from '../../engine/memory/device-memory.ts'
import { adviceOf, formatShortage } from '../../engine/memory/does-not-fit.ts'
import type { DeviceMemory } from '../../engine/memory/memory-need.ts'
import { imageMemoryBytes, TYPICAL_IMAGE_SIZE } from '../../pipeline/image/image-memory.ts'
import { type Check, fail, ok, runCheck, warn } from '../../preflight/check.ts'
import { checkDevice, type DeviceToCheck } from '../../preflight/device-check.ts'
import type { Machine } from '../../preflight/machine.ts'
import {
  checkDisk,
  checkFfmpeg,
  checkMemory,
  checkNode,
  checkOnnxRuntime,
} from '../../preflight/machine-checks.ts'
import { clipShapeOf } from '../graphs/clip-options.ts'
import { clipMemoryOf } from './clip-memory.ts'

export interface CheckOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly outputDir: string
  readonly device: Omit<DeviceToCheck, 'machine'>
}

const checkCheckpoint = (dir: string, variant: string | undefined): Promise<Check> =>
  runCheck('checkpoint', 'see the message; downloading the folder again mends most faults', async () => {
    const checkpoint = await openCheckpoint(dir, variant === undefined ? {} : { variant })
    const shape = clipShapeOf({}, checkpoint, cpuTargets())
    const { weights, checkWeights } = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
    checkWeights()
    const bytes = Object.values(weights).reduce((total, component) => total + component.sizeBytes(), 0)
    const { width, height, numFrames, steps } = shape
    return ok(
      `${formatBytes(bytes)} of weights, ${width}x${height}, ${numFrames} frames, ${steps} steps by default`,
    )
  })

interface DeviceToPlanFor {
  readonly memory: DeviceMemory
  readonly targets: (options: { readonly forceUpcast: boolean }) => Targets
}

/** A clip's, for what a photo takes of the host's memory beside it. */
const USUAL_SIZE = { width: 1024, height: 576 }

/** `null` where the device cannot be used, which is a failed check of its own. */
const deviceToPlanFor = async (
  { field, request, probes }: CheckOptions['device'],
  machine: Machine,
): Promise<DeviceToPlanFor | null> => {
  const chosen = await chooseDevice(field, request, probes).catch(() => null)
  if (chosen === null) return null
  if (chosen.provider === 'cpu') {
    // The renderer is a process that does not run yet.
    const memory = cpuDeviceMemory(
      await machine.availableMemoryBytes(),
      HOST_RUNTIME_BYTES,
      machine.totalMemoryBytes(),
    )
    return { memory, targets: () => cpuTargets() }
  }
  const { card } = chosen
  const computeCapability = smVersionOf(card)
  const availableBytes = await machine.availableMemoryBytes()
  const imageBytes = imageMemoryBytes(TYPICAL_IMAGE_SIZE, USUAL_SIZE)
  return {
    memory: cudaDeviceMemory({ computeCapability }, card.freeBytes, {
      totalBytes: card.totalBytes,
      host: cudaHostSupply(availableBytes, imageBytes, machine.totalMemoryBytes()),
    }),
    targets: ({ forceUpcast }) => cudaTargets({ precision: 'fp16', forceUpcast, computeCapability }),
  }
}

/** With the checkpoint's default arguments. */
const checkClipMemory = (
  dir: string,
  variant: string | undefined,
  { memory: device, targets }: DeviceToPlanFor,
): Promise<Check> =>
  runCheck('clip memory', '', async () => {
    const checkpoint = await openCheckpoint(dir, variant === undefined ? {} : { variant })
    const shape = clipShapeOf({}, checkpoint, targets(checkpoint.vae.config))
    const plan = clipMemoryOf(checkpoint, shape, device)
    const size = `${shape.width}x${shape.height}, ${shape.numFrames} frames`
    if (!plan.fits) return fail(`${size}: ${formatShortage(plan)}`, adviceOf(plan))
    const { memory, decodeChunk, needBytes, host } = plan
    const available = formatBytes(device.availableBytes)
    const ofHost = host === null ? '' : `; of the host ${formatBytes(host.needBytes)}`
    const found = `${size}: ${formatBytes(needBytes)} with --memory ${memory}; ${available} available${ofHost}`
    if (decodeChunk < shape.decodeChunk) {
      return warn(`${found}; ${decodeChunk} frames decoded at once`, '--memory auto does so by itself')
    }
    return memory === 'offload' ? ok(found) : warn(found, '--memory auto does so by itself')
  })

const checksOfCheckpoint = async (
  machine: Machine,
  dir: string,
  { variant, device }: CheckOptions,
): Promise<readonly Check[]> => {
  const checkpoint = await checkCheckpoint(dir, variant)
  if (checkpoint.status === 'fail') return [checkpoint]
  const planned = await deviceToPlanFor(device, machine)
  return planned === null ? [checkpoint] : [checkpoint, await checkClipMemory(dir, variant, planned)]
}

/** Everything that a render needs, checked one after the other. */
export const runChecks = async (machine: Machine, options: CheckOptions): Promise<readonly Check[]> => [
  await checkNode(machine),
  await checkOnnxRuntime(machine),
  await checkFfmpeg(machine),
  await checkMemory(machine),
  await checkDevice({ ...options.device, machine }),
  await checkDisk(machine, 'output', options.outputDir),
  await checkDisk(machine, 'temporary', machine.temporaryDir),
  ...(options.checkpoint === undefined ? [] : await checksOfCheckpoint(machine, options.checkpoint, options)),
]

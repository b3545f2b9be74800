import { formatBytes } from '../../shared/size-text.ts'
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import { compileClip } from '../compiler/compile.ts'
import { cpuTarget } from '../compiler/targets/cpu.ts'
import { type Check, ok, runCheck } from '../fitness/check.ts'
import type { Machine } from '../fitness/machine.ts'
import {
  checkDisk,
  checkFfmpeg,
  checkMemory,
  checkNode,
  checkOnnxRuntime,
} from '../fitness/machine-checks.ts'
import { clipShapeOf } from './clip-options.ts'

export interface CheckOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly outputDir: string
}

const checkCheckpoint = (dir: string, variant: string | undefined): Promise<Check> =>
  runCheck('checkpoint', 'see the message; downloading the folder again mends most faults', async () => {
    const checkpoint = await openCheckpoint(dir, variant === undefined ? {} : { variant })
    const shape = clipShapeOf({}, checkpoint, cpuTarget)
    const { weights, checkWeights } = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
    checkWeights()
    const bytes = Object.values(weights).reduce((total, component) => total + component.sizeBytes(), 0)
    const { width, height, numFrames, steps } = shape
    return ok(
      `${formatBytes(bytes)} of weights, ${width}x${height}, ${numFrames} frames, ${steps} steps by default`,
    )
  })

/** Everything that a render needs, checked one after the other. */
export const runChecks = async (machine: Machine, options: CheckOptions): Promise<readonly Check[]> => [
  await checkNode(machine),
  await checkOnnxRuntime(machine),
  await checkFfmpeg(machine),
  await checkMemory(machine),
  await checkDisk(machine, 'output', options.outputDir),
  await checkDisk(machine, 'temporary', machine.temporaryDir),
  ...(options.checkpoint === undefined ? [] : [await checkCheckpoint(options.checkpoint, options.variant)]),
]

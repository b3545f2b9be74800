import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../../infra/config/read-config.ts'
import { leastShare } from '../../../../infra/workers/worker-share.ts'
import { CPU_INSTANCE_TYPE_NAMES, CPU_INSTANCE_TYPES } from '../../../../shared/fleet/cpu-instance-types.ts'
import { INSTANCE_TYPE_NAMES, instanceTypeOf } from '../../../../shared/fleet/instance-types.ts'
import { DEFAULT_MACHINE_TYPES, type MachineTypeName } from '../../../../shared/fleet/machine-types.ts'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { clipMemoryOf } from '../../../../worker/cli/doctor/clip-memory.ts'
import { countOnCards } from '../../../../worker/cli/graphs/clip-on-cards.ts'
import { clipShapeOf } from '../../../../worker/cli/graphs/clip-options.ts'
import { cpuTargets, cudaTargets } from '../../../../worker/compiler/targets/clip-targets.ts'
import {
  cpuDeviceMemory,
  HOST_RUNTIME_BYTES,
  WORKER_BYTES,
} from '../../../../worker/engine/memory/device-memory.ts'
import { cardBytes } from '../../../../worker/plan/card-memory.ts'
import { DEMO_CHECKPOINT, XT_CONFIGS } from '../a-command-line.ts'

const MIB = 2 ** 20
const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
const demo = await openCheckpoint(DEMO_CHECKPOINT, {})

/** Byte count that the container's limit leaves to the renderer. The limit is the memory of the job and of the task. */
const rendererBytes = (names: readonly MachineTypeName[]): number =>
  leastShare(names).memoryMib * MIB - WORKER_BYTES

describe('the memory limit of a container', () => {
  const targetsOn = (computeCapability: number | null) =>
    cudaTargets({ precision: 'fp16', forceUpcast: true, computeCapability })
  const onCards = countOnCards(xt, clipShapeOf({}, xt, targetsOn(null)), targetsOn)
  const planOn = (name: (typeof INSTANCE_TYPE_NAMES)[number], hostBytes: number) => {
    const { gpu } = instanceTypeOf(name)
    return onCards(gpu).memory.planOnCard(cardBytes(gpu.memoryMib), hostBytes)
  }

  // By default all instance types share the limit of the smallest one.
  test.each(INSTANCE_TYPE_NAMES.filter((name) => DEFAULT_MACHINE_TYPES.cuda.includes(name)))(
    'is enough for SVD-XT in float16 on %s among the default instance types',
    (name) => {
      const plan = planOn(name, rendererBytes(DEFAULT_MACHINE_TYPES.cuda))

      expect(plan).toMatchObject({ fits: true, decodeChunk: 25 })
    },
  )

  test.each(INSTANCE_TYPE_NAMES)(
    'is enough for SVD-XT in float16 on %s as the only instance type',
    (name) => {
      expect(planOn(name, rendererBytes([name]))).toMatchObject({ fits: true })
    },
  )

  const onCpu = (checkpoint: typeof xt, name: MachineTypeName) => {
    const device = cpuDeviceMemory(rendererBytes([name]), HOST_RUNTIME_BYTES)
    return clipMemoryOf(checkpoint, clipShapeOf({}, checkpoint, cpuTargets()), device)
  }

  test.each(DEFAULT_MACHINE_TYPES.cpu)('is enough for the demo checkpoint on %s without a GPU', (name) => {
    expect(onCpu(demo, name)).toMatchObject({ fits: true })
  })

  test.each(CPU_INSTANCE_TYPE_NAMES)(
    'is enough for SVD-XT on %s, or the configuration refuses that instance type',
    (name) => {
      const taken = (): unknown => readConfig({ 'svd:device': 'cpu', 'svd:instanceTypes': name })

      if (onCpu(xt, name).fits) expect(taken()).toMatchObject({ instanceTypes: [name] })
      else expect(taken).toThrow(`${name} has ${CPU_INSTANCE_TYPES[name].memoryGib} GiB`)
    },
  )
})

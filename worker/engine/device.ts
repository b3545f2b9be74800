import { cpuTargets, cudaTargets, type Precision } from '../compiler/targets/clip-targets.ts'
import type { Targets } from '../compiler/targets/target.ts'
import { readFreeBytes } from '../cuda/cards.ts'
import { detectCpuTarget } from './nchwc-block.ts'
import type { SessionProvider } from './session-options.ts'

/** What networks run on: which graphs it runs, and how much of its memory is free. */
export interface Device {
  /** Of ONNX Runtime's execution provider. */
  readonly provider: SessionProvider
  /** Targets of a checkpoint's networks; `forceUpcast` is of the VAE's config. */
  targets(options: { readonly forceUpcast: boolean }): Targets
  freeMemoryBytes(): Promise<number>
}

/** A device as a process is told of it that has to run on it. */
export type DeviceChoice =
  | { readonly provider: 'cpu' }
  | { readonly provider: 'cuda'; readonly uuid: string; readonly precision: Precision }

const openCpu = async (): Promise<Device> => {
  const targets = cpuTargets(await detectCpuTarget())
  return {
    provider: 'cpu',
    targets: () => targets,
    freeMemoryBytes: async () => process.availableMemory(),
  }
}

/** The process has to see this card as its first: see `deviceEnvironment`. */
export const openDevice = async (choice: DeviceChoice): Promise<Device> => {
  if (choice.provider === 'cpu') return await openCpu()
  const { uuid, precision } = choice
  return {
    provider: 'cuda',
    targets: ({ forceUpcast }) => cudaTargets({ precision, forceUpcast }),
    freeMemoryBytes: () => readFreeBytes(uuid),
  }
}

/**
 * Variables that a process needs from its start to run on a device. It sees no other card, whatever their order. In
 * float32, products and convolutions must not be rounded to TF32's 10 bits, which is the providers' default and which
 * no session option reaches from Node.
 */
export const deviceEnvironment = (choice: DeviceChoice): Readonly<Record<string, string>> => {
  if (choice.provider === 'cpu') return {}
  return {
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: choice.uuid,
    ...(choice.precision === 'fp32' && { NVIDIA_TF32_OVERRIDE: '0' }),
  }
}

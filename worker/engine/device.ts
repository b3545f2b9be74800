import { totalmem } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { cpuTargets, cudaTargets, type Precision } from '../compiler/targets/clip-targets.ts'
import type { Targets } from '../compiler/targets/target.ts'
import { readFreeBytes, readUsableBytes } from '../cuda/cards.ts'
import { readSettledFreeBytes } from '../cuda/settled-free-bytes.ts'
import { readAvailableHostBytes } from './memory/available-host-bytes.ts'
import type { CudaCard } from './memory/cuda-memory.ts'
import {
  CUDA_BYTES,
  cpuDeviceMemory,
  cudaDeviceMemory,
  cudaHostSupply,
  HOST_RUNTIME_BYTES,
} from './memory/device-memory.ts'
import type { DeviceMemory } from './memory/memory-need.ts'
import { detectCpuTarget } from './nchwc-block.ts'
import type { SessionProvider } from './session-options.ts'

/** Uses of the host's memory beside networks. */
export interface HostWork {
  readonly imageBytes: number
  /** Whether a file keeps prepared weights. */
  readonly keepsWeights: boolean
}

/** Device that networks run on, with the graphs that it runs and the memory that they take. */
export interface Device {
  /** Execution provider of ONNX Runtime. */
  readonly provider: SessionProvider
  /** Targets of a checkpoint's networks; `forceUpcast` comes from the VAE's config. */
  targets(options: { readonly forceUpcast: boolean }): Targets
  /** Float32 targets for what overflows in float16; `null` where `targets` are float32. */
  exactTargets(options: { readonly forceUpcast: boolean }): Targets | null
  /** Memory of the device that is free now. On a card, `work` decides how much of the host's memory is taken. */
  memory(work?: HostWork): Promise<DeviceMemory>
}

/** Description of a device for the process that has to run on it. */
export type DeviceChoice =
  | { readonly provider: 'cpu' }
  | {
      readonly provider: 'cuda'
      readonly uuid: string
      readonly precision: Precision
      /** 75 for sm_75. */
      readonly computeCapability: number
    }

/**
 * Byte count of the machine's memory or, in a container, of the container's limit. Where there is no limit, Node
 * reports 0 or more than the machine has.
 */
const hostTotalBytes = (): number => Math.min(totalmem(), process.constrainedMemory() || totalmem())

const openCpu = async (): Promise<Device> => {
  const targets = cpuTargets(await detectCpuTarget())
  return {
    provider: 'cpu',
    targets: () => targets,
    exactTargets: () => null,
    memory: async () =>
      cpuDeviceMemory(await readAvailableHostBytes(), 0, hostTotalBytes() - HOST_RUNTIME_BYTES),
  }
}

type CudaChoice = Extract<DeviceChoice, { readonly provider: 'cuda' }>

/** Only a process for float32 turns TF32 off: see `deviceEnvironment`. */
const hasTf32 = ({ precision }: Pick<CudaChoice, 'precision'>): boolean => precision !== 'fp32'

/** The card, as far as it decides what graphs take of its memory. A user may have turned TF32 off for float16 too. */
export const plannedCard = (
  choice: Pick<CudaChoice, 'precision' | 'computeCapability'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CudaCard => ({
  computeCapability: choice.computeCapability,
  hasTf32: hasTf32(choice) && environment['NVIDIA_TF32_OVERRIDE'] !== '0',
})

/** The process has to see this card as its first: see `deviceEnvironment`. */
export const openDevice = async (choice: DeviceChoice): Promise<Device> => {
  if (choice.provider === 'cpu') return await openCpu()
  const { uuid, precision, computeCapability } = choice
  const read = (): Promise<number> => readFreeBytes(uuid)
  // The process before this one may have been killed just now.
  let readFirst = (): Promise<number> => readSettledFreeBytes(read, setTimeout)
  let total: Promise<number | null> | null = null
  return {
    provider: 'cuda',
    targets: ({ forceUpcast }) => cudaTargets({ precision, forceUpcast, computeCapability }),
    // In a process for float16, products of float32 are rounded to TF32, which has the range of float32.
    exactTargets: ({ forceUpcast }) =>
      precision === 'fp32' ? null : cudaTargets({ precision: 'fp32', forceUpcast }),
    async memory({ imageBytes, keepsWeights } = { imageBytes: 0, keepsWeights: true }) {
      // From the first session on, CUDA has taken what a plan counts for it.
      const isFirst = readFirst !== read
      const reading = readFirst()
      readFirst = read
      const freeBytes = (await reading) + (isFirst ? 0 : CUDA_BYTES)
      // A driver that does not report it leaves what is free.
      total ??= readUsableBytes(uuid).catch(() => null)
      const totalBytes = (await total) ?? freeBytes
      // What this process has, a plan counts.
      const hostBytes = (await readAvailableHostBytes()) + process.memoryUsage.rss()
      const host = cudaHostSupply(hostBytes, imageBytes, Math.max(hostBytes, hostTotalBytes()))
      return cudaDeviceMemory(plannedCard(choice), freeBytes, { totalBytes, host, keepsWeights })
    },
  }
}

/** Properties of a device that decide the environment of its process. */
type DeviceEnvironmentChoice = { readonly provider: 'cpu' } | Omit<CudaChoice, 'computeCapability'>

/**
 * Variables that a process needs from its start to run on a device. It sees no other card, whatever their order. In
 * float32, products and convolutions must not be rounded to TF32's 10 bits, which is the providers' default and which
 * no session option reaches from Node.
 */
export const deviceEnvironment = (choice: DeviceEnvironmentChoice): Readonly<Record<string, string>> => {
  if (choice.provider === 'cpu') return {}
  return {
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: choice.uuid,
    ...(!hasTf32(choice) && { NVIDIA_TF32_OVERRIDE: '0' }),
  }
}

import {
  INSTANCE_TYPE_NAMES,
  type InstanceTypeName,
  instanceTypeOf,
  workerMemoryMib,
} from '../../../shared/fleet/instance-types.ts'
import type { Graph } from '../../compiler/graph/graph.ts'
import { cudaLimitFaults } from '../../compiler/targets/cuda/limits.ts'
import type { PlannedGraph } from './clip-prediction.ts'
import { cpuMemoryOf } from './cpu-memory.ts'
import { type CudaCard, cudaMemoryOf } from './cuda-memory.ts'
import { foldedGraph, foldForMemory } from './folded-graph.ts'
import { hostMemoryOf, NO_HOST_MEMORY } from './host-memory.ts'
import type { DeviceMemory, HostSupply } from './memory-need.ts'

const MIB = 2 ** 20

/** Node and ONNX Runtime's library: 148 MiB by a line through nine peaks of the demo, and what the heap varies by. */
export const HOST_RUNTIME_BYTES = 175 * MIB

/**
 * Bytes that CUDA takes on a card beside what a process allocates: its context, and the code of the loaded kernels.
 * This is an allowance, because no card was measured. NVIDIA's own figures for such processes are 300 to 500 MiB.
 */
const CUDA_CONTEXT_BYTES = 500 * MIB
/** cuBLAS allocates its workspace once a process: 32 MiB on sm_90, less on older cards, and cuBLASLt beside it. */
const CUBLAS_WORKSPACE_BYTES = 100 * MIB
/** Bytes of a card that CUDA takes for a process, whatever the process runs. */
export const CUDA_BYTES = CUDA_CONTEXT_BYTES + CUBLAS_WORKSPACE_BYTES

/**
 * Node with the thread that watches its parent (28 MiB), and ONNX Runtime with its CUDA provider, measured over a
 * stand-in; and some 20 MiB by which the heap varies from run to run. Of the provider's file 92 MiB are read.
 */
const CUDA_RUNTIME_HOST_BYTES = 245 * MIB
/**
 * NVIDIA's libraries in the host's memory: the context, cuBLAS, cuDNN and its engines. An allowance, because no card was
 * measured. Much of it is pages of files, which the system takes back where memory is short.
 */
export const CUDA_LIBRARIES_HOST_BYTES = 1024 * MIB
/** Bytes of the host's memory that a process on a card takes, whatever it runs. */
const CUDA_HOST_BYTES = CUDA_RUNTIME_HOST_BYTES + CUDA_LIBRARIES_HOST_BYTES

/** Networks that stay must leave memory for the encoder of the clip before and for other processes. */
const CPU_SHARES = { offload: 0.95, resident: 0.5 } as const
/** A card is the worker's own; drivers keep some memory back from what they report as free. */
const CARD_SHARES = { offload: 0.98, resident: 0.98 } as const

/** Other processes need a little more now and then. */
const HOST_SHARE = 0.95

/** A graph that no card can run, whatever its memory: its kernels cannot index it. */
const unlimited = ({ name, inputs }: Graph): PlannedGraph => ({
  ...{ graph: name, inputShapes: inputs.map(({ shape }) => shape), reserve: null, weightBytes: 0 },
  ...{ arenaBytes: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, host: NO_HOST_MEMORY },
})

/** Promised for 25 frames of 576x1024; context, code and workspaces are in it. */
const LOW_VRAM_BYTES = 8e9

/** The worker itself, and ffmpeg that encodes the clip before. */
export const WORKER_BYTES = 512 * MIB

/** Bytes of the host's memory that are left for a renderer on an instance of this type. */
export const rendererHostBytes = (name: InstanceTypeName): number =>
  workerMemoryMib(instanceTypeOf(name)) * MIB - WORKER_BYTES

const instanceTypeFor = (needBytes: number, hostNeedBytes: number): string | null =>
  INSTANCE_TYPE_NAMES.filter(
    (name) =>
      CARD_SHARES.offload * instanceTypeOf(name).gpu.memoryMib * MIB >= needBytes &&
      HOST_SHARE * rendererHostBytes(name) >= hostNeedBytes,
  )
    .toSorted((a, b) => instanceTypeOf(a).onDemandUsdPerHour - instanceTypeOf(b).onDemandUsdPerHour)
    .at(0) ?? null

/**
 * The memory of a CPU. `totalBytes` is the memory of the machine, or the container's limit; by default, other
 * processes are taken to use nothing.
 */
export const cpuDeviceMemory = (
  availableBytes: number,
  baseBytes = 0,
  totalBytes = availableBytes,
): DeviceMemory => ({
  memoryOf: (graph) => ({ ...cpuMemoryOf(foldedGraph(graph)), host: NO_HOST_MEMORY }),
  ...{ availableBytes, totalBytes, baseBytes },
  shares: CPU_SHARES,
  lowVramBytes: Number.POSITIVE_INFINITY,
  host: null,
  instanceTypeFor: () => null,
})

/**
 * The host's memory for a process on a card. `imageBytes`: what the image of a job takes of it. `totalBytes` as in
 * `cpuDeviceMemory`.
 */
export const cudaHostSupply = (
  availableBytes: number,
  imageBytes: number,
  totalBytes = availableBytes,
): HostSupply => ({
  ...{ availableBytes, totalBytes, baseBytes: CUDA_HOST_BYTES + imageBytes, share: HOST_SHARE },
})

export interface CudaMemoryOptions {
  /** Free bytes of the card while nothing runs there; by default, other processes are taken to use nothing. */
  readonly totalBytes?: number
  /** Default `null`: as much as is needed. */
  readonly host?: HostSupply | null
  /** Whether a file keeps prepared weights; default true. */
  readonly keepsWeights?: boolean
}

/** The memory of a card. `freeBytes` are the bytes that are free before this process uses the card. */
export const cudaDeviceMemory = (
  card: CudaCard,
  freeBytes: number,
  { totalBytes = freeBytes, host = null, keepsWeights = true }: CudaMemoryOptions = {},
): DeviceMemory => ({
  memoryOf(recorded) {
    const folded = foldForMemory(recorded)
    if (cudaLimitFaults(folded.graph).length > 0) return unlimited(recorded)
    const memory = cudaMemoryOf(folded.graph, card)
    return { ...memory, host: hostMemoryOf(folded, { arenaBytes: memory.arenaBytes, keepsWeights }) }
  },
  host,
  availableBytes: freeBytes,
  totalBytes,
  baseBytes: CUDA_BYTES,
  shares: CARD_SHARES,
  lowVramBytes: LOW_VRAM_BYTES,
  instanceTypeFor,
})

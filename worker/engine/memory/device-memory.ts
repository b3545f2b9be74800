import { INSTANCE_TYPE_NAMES, instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import { cpuMemoryOf } from './cpu-memory.ts'
import { type CudaCard, cudaMemoryOf } from './cuda-memory.ts'
import type { DeviceMemory } from './plan-clip-memory.ts'

const MIB = 2 ** 20

/** Node, ONNX Runtime's library, and the graphs as objects: 165 to 240 MiB were measured in a renderer's process. */
export const HOST_RUNTIME_BYTES = 200 * MIB

/**
 * What CUDA takes on a card beside what a process allocates: its context, and the code of the kernels that were loaded.
 * An allowance, because no card was measured; NVIDIA's own figures for such processes are 300 to 500 MiB.
 */
export const CUDA_CONTEXT_BYTES = 500 * MIB
/** cuBLAS allocates its workspace once a process: 32 MiB on sm_90, less on older cards, and cuBLASLt beside it. */
export const CUBLAS_WORKSPACE_BYTES = 100 * MIB

/** Networks that stay must leave memory for the encoder of the clip before and for other processes. */
const CPU_SHARES = { offload: 0.95, resident: 0.5 } as const
/** A card is the worker's own; drivers keep some memory back from what they report as free. */
const CARD_SHARES = { offload: 0.98, resident: 0.98 } as const

const instanceTypeFor = (needBytes: number): string | null =>
  INSTANCE_TYPE_NAMES.filter(
    (name) => CARD_SHARES.offload * instanceTypeOf(name).gpu.memoryMib * MIB >= needBytes,
  )
    .toSorted((a, b) => instanceTypeOf(a).onDemandUsdPerHour - instanceTypeOf(b).onDemandUsdPerHour)
    .at(0) ?? null

export const cpuDeviceMemory = (availableBytes: number, baseBytes = 0): DeviceMemory => ({
  memoryOf: cpuMemoryOf,
  availableBytes,
  baseBytes,
  shares: CPU_SHARES,
  instanceTypeFor: () => null,
})

/** `freeBytes`: of the card, before this process uses it. */
export const cudaDeviceMemory = (card: CudaCard, freeBytes: number): DeviceMemory => ({
  memoryOf: (graph) => cudaMemoryOf(graph, card),
  availableBytes: freeBytes,
  baseBytes: CUDA_CONTEXT_BYTES + CUBLAS_WORKSPACE_BYTES,
  shares: CARD_SHARES,
  instanceTypeFor,
})

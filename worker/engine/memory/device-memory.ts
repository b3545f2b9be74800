import { INSTANCE_TYPE_NAMES, instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import type { Graph } from '../../compiler/graph/graph.ts'
import { cudaLimitFaults } from '../../compiler/targets/cuda/limits.ts'
import { cpuMemoryOf } from './cpu-memory.ts'
import { type CudaCard, cudaMemoryOf } from './cuda-memory.ts'
import type { GraphMemory } from './graph-memory.ts'
import type { DeviceMemory } from './plan-clip-memory.ts'

const MIB = 2 ** 20

/** Node and ONNX Runtime's library: 148 MiB by a line through nine peaks of the demo, and what the heap varies by. */
export const HOST_RUNTIME_BYTES = 175 * MIB

/**
 * What CUDA takes on a card beside what a process allocates: its context, and the code of the kernels that were loaded.
 * An allowance, because no card was measured; NVIDIA's own figures for such processes are 300 to 500 MiB.
 */
const CUDA_CONTEXT_BYTES = 500 * MIB
/** cuBLAS allocates its workspace once a process: 32 MiB on sm_90, less on older cards, and cuBLASLt beside it. */
const CUBLAS_WORKSPACE_BYTES = 100 * MIB
/** What CUDA takes of a card for a process, whatever it runs. */
export const CUDA_BYTES = CUDA_CONTEXT_BYTES + CUBLAS_WORKSPACE_BYTES

/** Networks that stay must leave memory for the encoder of the clip before and for other processes. */
const CPU_SHARES = { offload: 0.95, resident: 0.5 } as const
/** A card is the worker's own; drivers keep some memory back from what they report as free. */
const CARD_SHARES = { offload: 0.98, resident: 0.98 } as const

/** A graph that no card can run, whatever its memory: its kernels cannot index it. */
const unlimited = ({ name, inputs }: Graph): GraphMemory => ({
  ...{ graph: name, inputShapes: inputs.map(({ shape }) => shape), reserve: null, weightBytes: 0 },
  ...{ arenaBytes: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
})

/** Promised for 25 frames of 576x1024; context, code and workspaces are in it. */
export const LOW_VRAM_BYTES = 8e9

const instanceTypeFor = (needBytes: number): string | null =>
  INSTANCE_TYPE_NAMES.filter(
    (name) => CARD_SHARES.offload * instanceTypeOf(name).gpu.memoryMib * MIB >= needBytes,
  )
    .toSorted((a, b) => instanceTypeOf(a).onDemandUsdPerHour - instanceTypeOf(b).onDemandUsdPerHour)
    .at(0) ?? null

/** `totalBytes`: of the machine, or of the container's limit; default: nothing is known to be used by others. */
export const cpuDeviceMemory = (
  availableBytes: number,
  baseBytes = 0,
  totalBytes = availableBytes,
): DeviceMemory => ({
  memoryOf: cpuMemoryOf,
  ...{ availableBytes, totalBytes, baseBytes },
  shares: CPU_SHARES,
  lowVramBytes: Number.POSITIVE_INFINITY,
  instanceTypeFor: () => null,
})

/** `freeBytes`: of the card, before this process uses it. `totalBytes`: free on it while nothing runs there. */
export const cudaDeviceMemory = (
  card: CudaCard,
  freeBytes: number,
  totalBytes = freeBytes,
): DeviceMemory => ({
  memoryOf: (graph) => (cudaLimitFaults(graph).length === 0 ? cudaMemoryOf(graph, card) : unlimited(graph)),
  availableBytes: freeBytes,
  totalBytes,
  baseBytes: CUDA_BYTES,
  shares: CARD_SHARES,
  lowVramBytes: LOW_VRAM_BYTES,
  instanceTypeFor,
})

import type { Graph } from '../../compiler/graph/graph.ts'
import type { MemoryPlan } from '../memory-mode.ts'
import type { OpenTogether, PlannedGraph } from './clip-prediction.ts'

/* What graphs need together in each way to render, of the device's memory and of the host's. */

/** The host's memory, where the device has its own. */
export interface HostSupply {
  readonly availableBytes: number
  /** Bytes that would be available if other processes used nothing. */
  readonly totalBytes: number
  /** Bytes that the process takes beside its networks. */
  readonly baseBytes: number
  /** The share of what is available that the process may take. */
  readonly share: number
}

/** Memory that a device has for a clip, and the memory that a graph takes of it. */
export interface DeviceMemory {
  memoryOf(recorded: Graph): PlannedGraph
  readonly availableBytes: number
  /** Bytes that would be available if other processes used nothing. */
  readonly totalBytes: number
  /** Bytes that the process takes beside its sessions. */
  readonly baseBytes: number
  /** The share of what is available that one network, and that all networks at once, may take. */
  readonly shares: { readonly offload: number; readonly resident: number }
  /** Bytes below which `low-vram` stays where the networks themselves do; `Infinity` if it decodes as much as fits. */
  readonly lowVramBytes: number
  /** `null` where the device's memory is the host's. */
  readonly host: HostSupply | null
  /** The cheapest instance type with so much memory; `null` if none is known. */
  instanceTypeFor(needBytes: number, hostNeedBytes: number): string | null
}

export interface MemoryNeed {
  readonly needBytes: number
  readonly availableBytes: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Bytes of the device's memory that are needed at most. `groups` are opened one after the other. */
export const needOf = (
  memory: MemoryPlan,
  groups: readonly OpenTogether[],
  { baseBytes }: Pick<DeviceMemory, 'baseBytes'>,
): number => {
  const together = (graphs: OpenTogether): number => sum(graphs.map(({ bytes }) => bytes))
  return baseBytes + (memory === 'resident' ? together(groups.flat()) : Math.max(...groups.map(together)))
}

/** Bytes of the host's memory for sessions that open in turn: each one's weights are prepared beside those before it. */
const hostBytesTogether = (graphs: OpenTogether): number => {
  let openBytes = 0
  let mostBytes = 0
  for (const { host } of graphs) {
    mostBytes = Math.max(mostBytes, openBytes + host.preparingBytes)
    openBytes += host.sessionBytes
    mostBytes = Math.max(mostBytes, openBytes + host.outputBytes)
  }
  return mostBytes
}

/** The graph that takes most of the device's memory, or of the host's. */
export const largestOf = (groups: readonly OpenTogether[], of: 'device' | 'host'): PlannedGraph => {
  const bytesOf = (graph: PlannedGraph): number =>
    of === 'device' ? graph.bytes : hostBytesTogether([graph])
  return groups.flat().reduce((worst, graph) => (bytesOf(graph) > bytesOf(worst) ? graph : worst))
}

/**
 * Arrays that are still there before the garbage collector frees them, up to some 100 MB, and what recording a large graph
 * left of objects, up to 90 MB. In 29 runs of SVD-XT over a stand-in, the peaks of one memory mode differed by up to 115 MB.
 */
const MOST_LATE_BYTES = 160 * 2 ** 20

/**
 * Need of the host's memory; `null` where that is the device's. Outputs of earlier networks are kept, because later
 * networks read them. `passingBytes` is the memory that is taken beside the networks for a while.
 */
export const hostNeedOf = (
  memory: MemoryPlan,
  groups: readonly OpenTogether[],
  { host }: Pick<DeviceMemory, 'host'>,
  passingBytes = 0,
): MemoryNeed | null => {
  if (host === null) return null
  const { availableBytes, baseBytes } = host
  const graphs = groups.flat()
  const keptBytes = sum(graphs.map((graph) => graph.host.outputBytes + graph.host.graphBytes))
  const lateBytes = Math.min(MOST_LATE_BYTES, sum(graphs.map((graph) => graph.host.arrayBytes)))
  const networkBytes =
    memory === 'resident' ? hostBytesTogether(graphs) : Math.max(...groups.map(hostBytesTogether))
  return { needBytes: baseBytes + keptBytes + lateBytes + passingBytes + networkBytes, availableBytes }
}

/** Bytes that a process may take of the host's memory. Infinity where that is the device's. */
export const hostRoomOf = ({ host }: Pick<DeviceMemory, 'host'>): number =>
  host === null ? Number.POSITIVE_INFINITY : host.share * host.availableBytes

/**
 * Chunks that are blended leave the decoder as float32, four times as large. Those of two chunks are in memory, and
 * ONNX Runtime's copy of the second. One and ONNX Runtime's copy as bytes are counted already.
 */
const FLOAT_CHUNKS = 4 * 3 - 2

/** Bytes of the host's memory that blending takes beside the decoder of a chunk. */
export const blendingBytes = (decoder: PlannedGraph): number => FLOAT_CHUNKS * decoder.host.outputBytes

import { once } from '../../../shared/once.ts'
import type { Graph } from '../../compiler/graph/graph.ts'
import type { GraphMemory } from './graph-memory.ts'
import type { HostMemory } from './host-memory.ts'

/** Every graph of a clip of given arguments. Recorded when asked for, without weights where there are only configs. */
export interface PlannableGraphs {
  /** All but the decoder; `lowMemory` as in low-vram. Those of an array take turns, and are open at the same time. */
  networks(lowMemory: boolean): readonly (Graph | readonly Graph[])[]
  decoder(frames: number): Graph
  /** The float32 decoder of chunks that overflow in float16; `null` where the decoder is float32. */
  readonly exactDecoder: ((frames: number) => Graph) | null
}

/** Memory that a graph takes of the device and of the host. */
export interface PlannedGraph extends GraphMemory {
  readonly host: HostMemory
}

/** Graphs whose sessions are open at the same time, also where not all are. */
export type OpenTogether = readonly PlannedGraph[]

/** Memory that a clip's graphs take. Each is predicted once, when it is first requested. */
export interface ClipPrediction {
  networks(lowMemory: boolean): readonly OpenTogether[]
  decoder(frames: number): PlannedGraph
  readonly exactDecoder: ((frames: number) => PlannedGraph) | null
}

/** The same clip can be planned for several memories with one prediction, where `memoryOf` is the same. */
export const predictClip = (
  memoryOf: (recorded: Graph) => PlannedGraph,
  clip: PlannableGraphs,
): ClipPrediction => {
  const { exactDecoder } = clip
  return {
    networks: once((lowMemory: boolean) =>
      clip.networks(lowMemory).map((graphs) => [graphs].flat().map(memoryOf)),
    ),
    decoder: once((frames: number) => memoryOf(clip.decoder(frames))),
    exactDecoder: exactDecoder === null ? null : once((frames: number) => memoryOf(exactDecoder(frames))),
  }
}

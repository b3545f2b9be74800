/** Buffers that the graph allocates and frees first (`withArenaReserve`). */
export interface Reserve {
  /** Byte count of all buffers together. */
  readonly bytes: number
  /** Name of the input that the buffers go through. */
  readonly input: string
}

/** Memory that a session of a graph takes from its first run until it is released. */
export interface GraphMemory {
  readonly graph: string
  /** Shapes in the order of the graph's inputs; graphs of one name differ in them. */
  readonly inputShapes: readonly (readonly number[])[]
  /** `null` if the graph takes least as it is. */
  readonly reserve: Reserve | null
  /** Bytes of weights, small tables and, on the CPU, of the graph itself; all are outside the arena. */
  readonly weightBytes: number
  /** Bytes of the arena, which never shrinks. */
  readonly arenaBytes: number
  /** Sum of `weightBytes` and `arenaBytes`. */
  readonly bytes: number
}

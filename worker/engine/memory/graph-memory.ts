/** Buffers that the graph allocates and frees first (`withArenaReserve`). */
export interface Reserve {
  /** Of all of them together. */
  readonly bytes: number
  /** Name of the input that they go through. */
  readonly input: string
}

/** What a session of a graph takes from its first run until it is released. */
export interface GraphMemory {
  readonly graph: string
  /** In the order of its inputs; graphs of one name differ in them. */
  readonly inputShapes: readonly (readonly number[])[]
  /** `null`: the graph takes least as it is. */
  readonly reserve: Reserve | null
  /** Weights, small tables and, on the CPU, the graph itself, outside the arena. */
  readonly weightBytes: number
  /** The arena; it never shrinks. */
  readonly arenaBytes: number
  /** Both together. */
  readonly bytes: number
}

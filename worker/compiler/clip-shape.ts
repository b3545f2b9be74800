import type { CompilerOptions } from './compile.ts'

/** Shape of a clip, which decides its graphs and how often each runs. */
export interface ClipShape extends Omit<CompilerOptions, 'feedForwardChunks'> {
  readonly steps: number
  /** Frames decoded at once. */
  readonly decodeChunk: number
}

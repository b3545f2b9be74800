import { formatBytes } from '../../../shared/size-text.ts'
import type { DoesNotFit } from './plan-clip-memory.ts'

const adviceOf = ({ nearest }: DoesNotFit): string => {
  if (nearest === null) return 'take an instance type with more memory'
  const { decodeChunk, numFrames, width, height } = nearest
  const parts = [
    ...(width === undefined ? [] : [`--width ${width}`, `--height ${height}`]),
    ...(numFrames === undefined ? [] : [`--num-frames ${numFrames}`]),
    ...(decodeChunk === undefined ? [] : [`--decode-chunk-size ${decodeChunk}`]),
    ...(nearest.memory === undefined ? [] : [`--memory ${nearest.memory}`]),
  ]
  return `what would fit: ${parts.join(' ')}; or take an instance type with more memory`
}

/** What the message says, for a person. */
export const formatDoesNotFit = (found: DoesNotFit): string =>
  `memory: ${found.graph} needs ${formatBytes(found.needBytes)}, and ${formatBytes(found.availableBytes)} are there; ${adviceOf(found)}`

/**
 * The clip fits the machine's memory in no way that was allowed. Callers decide by it: another try on this machine
 * would end the same, so the queue's worker records the job as failed at once, and the command exits with 2.
 */
export class DoesNotFitError extends Error {
  override readonly name = 'DoesNotFitError'
  /** `null` where only the message crossed from another process. */
  readonly found: DoesNotFit | null

  constructor(found: DoesNotFit | string) {
    super(typeof found === 'string' ? found : formatDoesNotFit(found))
    this.found = typeof found === 'string' ? null : found
  }
}

import { formatBytes } from '../../../shared/size-text.ts'
import { cardBytes, type MemoryFit } from '../../plan/card-memory.ts'

const WAYS: Readonly<Record<Exclude<MemoryFit['way'], 'smaller-chunk' | 'host-too-small'>, string>> = {
  resident: 'fits',
  offload: 'offload',
  'low-vram': 'low-vram',
  none: 'too small',
}

/** `offload (12.5 GB of 16.1 GB)`: how a clip fits a card, and what it takes of it. */
export const formatMemoryFit = (fit: MemoryFit, memoryMib: number): string => {
  if (fit.bytes === Number.POSITIVE_INFINITY) return 'too large for CUDA'
  if (fit.way === 'host-too-small') {
    return `host too small (${formatBytes(fit.bytes)} of ${formatBytes(fit.host?.availableBytes ?? 0)})`
  }
  const way = fit.way === 'smaller-chunk' ? `chunk ${fit.decodeChunk}` : WAYS[fit.way]
  return `${way} (${formatBytes(fit.bytes)} of ${formatBytes(cardBytes(memoryMib))})`
}

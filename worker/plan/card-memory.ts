import type { MemoryNeed } from '../engine/memory/memory-need.ts'
import type { DoesNotFit, FittingPlan } from '../engine/memory/plan-clip-memory.ts'

/** Plans how a clip is rendered on a card with `cardBytes` of memory, in a host with `hostBytes`. */
export type PlanOnCard = (cardBytes: number, hostBytes: number) => FittingPlan | DoesNotFit

export interface MemoryFit {
  readonly way: 'resident' | 'offload' | 'low-vram' | 'smaller-chunk' | 'host-too-small' | 'none'
  /** Bytes of the card that this way takes; if none fits, bytes that the smallest would take of the lacking memory. */
  readonly bytes: number
  /** Frames decoded at once if fewer fit than requested; else `null`. */
  readonly decodeChunk: number | null
  /** Memory of the host that this way takes; `null` where the card is too small. */
  readonly host: MemoryNeed | null
}

/** Whether a clip cannot be rendered there. */
export const isTooSmall = ({ way }: Pick<MemoryFit, 'way'>): boolean =>
  way === 'none' || way === 'host-too-small'

const MIB = 2 ** 20

export const cardBytes = (memoryMib: number): number => memoryMib * MIB

/** Fits a clip on a card. `askedChunk` is the requested number of frames decoded at once. */
export const fitCard = (
  planOn: PlanOnCard,
  askedChunk: number,
  memoryMib: number,
  hostBytes = Number.POSITIVE_INFINITY,
): MemoryFit => {
  const plan = planOn(cardBytes(memoryMib), hostBytes)
  const bytes = plan.needBytes
  if (!plan.fits) {
    const { of, availableBytes } = plan
    return of === 'host'
      ? { way: 'host-too-small', bytes, decodeChunk: null, host: { needBytes: bytes, availableBytes } }
      : { way: 'none', bytes, decodeChunk: null, host: null }
  }
  const { host } = plan
  return plan.decodeChunk < askedChunk
    ? { way: 'smaller-chunk', bytes, decodeChunk: plan.decodeChunk, host }
    : { way: plan.memory, bytes, decodeChunk: null, host }
}

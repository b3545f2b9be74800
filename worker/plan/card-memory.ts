import type { MemoryNeed } from '../engine/memory/memory-need.ts'
import type { DoesNotFit, FittingPlan } from '../engine/memory/plan-clip-memory.ts'

/** How a clip is rendered on a card with so much memory, in a host with so much. */
export type PlanOnCard = (cardBytes: number, hostBytes: number) => FittingPlan | DoesNotFit

export interface MemoryFit {
  readonly way: 'resident' | 'offload' | 'low-vram' | 'smaller-chunk' | 'host-too-small' | 'none'
  /** What that way takes; where none fits, what the most sparing one would take of the memory that is too small. */
  readonly bytes: number
  /** Null: as asked for. */
  readonly decodeChunk: number | null
  /** The host's memory: what that way takes of it; `null` where the card is too small. */
  readonly host: MemoryNeed | null
}

/** Whether a clip cannot be rendered there. */
export const isTooSmall = ({ way }: Pick<MemoryFit, 'way'>): boolean =>
  way === 'none' || way === 'host-too-small'

const MIB = 2 ** 20

export const cardBytes = (memoryMib: number): number => memoryMib * MIB

/** `askedChunk`: frames decoded at once, as asked for. */
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

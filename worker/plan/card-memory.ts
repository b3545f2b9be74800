import type { DoesNotFit, FittingPlan } from '../engine/memory/plan-clip-memory.ts'

/** How a clip is rendered on a card with so much memory. */
export type PlanOnCard = (cardBytes: number) => FittingPlan | DoesNotFit

export interface MemoryFit {
  readonly way: 'resident' | 'offload' | 'low-vram' | 'smaller-chunk' | 'none'
  /** What that way takes; where none fits, what the most sparing one would take. */
  readonly bytes: number
  /** Null: as asked for. */
  readonly decodeChunk: number | null
}

const MIB = 2 ** 20

export const cardBytes = (memoryMib: number): number => memoryMib * MIB

/** `askedChunk`: frames decoded at once, as asked for. */
export const fitCard = (planOn: PlanOnCard, askedChunk: number, memoryMib: number): MemoryFit => {
  const plan = planOn(cardBytes(memoryMib))
  const bytes = plan.needBytes
  if (!plan.fits) return { way: 'none', bytes, decodeChunk: null }
  return plan.decodeChunk < askedChunk
    ? { way: 'smaller-chunk', bytes, decodeChunk: plan.decodeChunk }
    : { way: plan.memory, bytes, decodeChunk: null }
}

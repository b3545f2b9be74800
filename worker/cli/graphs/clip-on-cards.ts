import { GPUS, type Gpu } from '../../../shared/fleet/gpus.ts'
import type { Checkpoint } from '../../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import type { Targets } from '../../compiler/targets/target.ts'
import { type ClipMemoryOnCards, predictClipMemory } from './card-memory-needs.ts'
import { type ClipStatistics, countClip } from './clip-statistics.ts'

/** A clip's graphs on a card, and what they take of its memory. */
export interface ClipOnCard {
  readonly statistics: ClipStatistics
  readonly memory: ClipMemoryOnCards
}

/** `null`: any card, with graphs that all of them run. */
export type CountOnCard = (card: Pick<Gpu, 'computeCapability'> | null) => ClipOnCard

/**
 * Counts a clip on cards by their compute capability, which decides the graphs. Cards that run the same graphs have one
 * count, with the memory of the oldest of them: attention kernels of older cards take more.
 */
export const countOnCards = (
  checkpoint: Checkpoint,
  shape: ClipShape,
  targetsOn: (computeCapability: number | null) => Targets,
): CountOnCard => {
  const capabilities = Object.values(GPUS).map(({ computeCapability }) => computeCapability)
  const counts = new Map<string, ClipOnCard>()
  const count = (targets: Targets): ClipOnCard => {
    const alike = capabilities.filter((capability) => targetsOn(capability).name === targets.name)
    const own = { ...shape, targets }
    return {
      statistics: countClip(checkpoint, own),
      memory: predictClipMemory(checkpoint, own, { computeCapability: Math.min(...alike) }),
    }
  }
  return (card) => {
    const targets = targetsOn(card?.computeCapability ?? null)
    const counted = counts.get(targets.name) ?? count(targets)
    counts.set(targets.name, counted)
    return counted
  }
}

import { GPUS, type Gpu } from '../../shared/fleet/gpus.ts'
import { fitCard, type MemoryFit, type PlanOnCard } from '../plan/card-memory.ts'
import type { Range } from '../plan/range.ts'
import { clipSecondsOf, type DeviceLimit, deviceSecondsOf, limitOf } from '../plan/roofline.ts'
import type { ClipShape, ClipStatistics } from './clip-statistics.ts'

/** The prediction for a clip on a card, counted and not measured. */
export interface CardCount {
  readonly gpu: Gpu
  readonly stepSeconds: Range
  readonly clipSeconds: Range
  readonly limit: DeviceLimit
  readonly fit: MemoryFit
}

/** Predicts a clip on every card of the table. */
export const countCards = (
  { graphs }: ClipStatistics,
  { decodeChunk }: ClipShape,
  planOnCard: PlanOnCard,
): readonly CardCount[] => {
  const step = graphs.find(({ name }) => name === 'denoise_step')?.work.nodes ?? []
  return Object.values(GPUS).map((gpu) => {
    const clip = clipSecondsOf(graphs, gpu)
    return {
      gpu,
      stepSeconds: deviceSecondsOf(step, gpu).seconds,
      clipSeconds: clip.seconds,
      limit: limitOf(clip),
      fit: fitCard(planOnCard, decodeChunk, gpu.memoryMib),
    }
  })
}

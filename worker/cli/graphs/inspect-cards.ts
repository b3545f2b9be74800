import { GPUS, type Gpu } from '../../../shared/fleet/gpus.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import { fitCard, type MemoryFit } from '../../plan/card-memory.ts'
import type { Range } from '../../plan/range.ts'
import { clipSecondsOf, type DeviceLimit, deviceSecondsOf, limitOf } from '../../plan/roofline.ts'
import type { CountOnCard } from './clip-on-cards.ts'

/** The prediction for a clip on a card, counted and not measured. */
export interface CardCount {
  readonly gpu: Gpu
  readonly stepSeconds: Range
  readonly clipSeconds: Range
  readonly limit: DeviceLimit
  readonly fit: MemoryFit
}

/** Predicts a clip on every card of the table. */
export const countCards = ({ decodeChunk }: ClipShape, countOn: CountOnCard): readonly CardCount[] =>
  Object.values(GPUS).map((gpu) => {
    const { statistics, memory } = countOn(gpu)
    const { graphs } = statistics
    const step = graphs.find(({ name }) => name === 'denoise_step')?.work.nodes ?? []
    const clip = clipSecondsOf(graphs, gpu)
    return {
      gpu,
      stepSeconds: deviceSecondsOf(step, gpu).seconds,
      clipSeconds: clip.seconds,
      limit: limitOf(clip),
      fit: fitCard(memory.planOnCard, decodeChunk, gpu.memoryMib),
    }
  })

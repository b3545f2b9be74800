import type { Gpu } from '../../shared/fleet/instance-types.ts'
import type { Work } from './graph-work.ts'
import { addRanges, type Range, rangeOf } from './range.ts'

/*
 *     seconds  =  products / (the card's peak x share reached)  +  traffic / the card's bandwidth
 *
 *     fast        what the graph has, at 0.7 of the peak           products read and write, nothing else does
 *     slow        what the reference has, at a third of it         every op reads and writes
 *
 * The shares are set so that every published time of SVD-XT on a card whose peak is known lies between: eager PyTorch,
 * compilers and TensorRT on A100, A800, H100, A10G and three GeForce cards (test/worker/plan/published-times.ts).
 * No time was found for T4, L4 and L40S; T4 and L4, with 70 W, do not hold the clock that their peak is stated at.
 */
export const REACHED_SHARE = { fast: 0.7, slow: 0.33 } as const

const GIGA = 1e9
const TERA = 1e12

export type Speed = Pick<Gpu, 'fp16Tflops' | 'memoryGbPerSecond'>

export interface DeviceSeconds {
  readonly seconds: Range
  readonly computeSeconds: Range
  readonly trafficSeconds: Range
  /** Which of the two takes longer, by both ends of the ranges together. */
  readonly limit: 'compute' | 'memory bandwidth'
}

const extent = ({ low, high }: Range): number => low + high

/** What a clip's networks take on one card, alone; an estimate that was counted, not measured. */
export const deviceSecondsOf = (work: Work, { fp16Tflops, memoryGbPerSecond }: Speed): DeviceSeconds => {
  const peak = fp16Tflops * TERA
  const bandwidth = memoryGbPerSecond * GIGA
  const computeSeconds = rangeOf(
    work.flops / (peak * REACHED_SHARE.fast),
    work.referenceFlops / (peak * REACHED_SHARE.slow),
  )
  const trafficSeconds = rangeOf(work.fusedTrafficBytes / bandwidth, work.unfusedTrafficBytes / bandwidth)
  return {
    seconds: addRanges(computeSeconds, trafficSeconds),
    computeSeconds,
    trafficSeconds,
    limit: extent(computeSeconds) >= extent(trafficSeconds) ? 'compute' : 'memory bandwidth',
  }
}

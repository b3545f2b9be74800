import type { Gpu } from '../../shared/fleet/gpus.ts'
import type { NodeWork } from '../compiler/graph/node-work.ts'
import { addRanges, mapRange, type Range, rangeOf } from './range.ts'

/*
 * Seconds of a graph on a card, counted and not measured:
 *
 *     sum over its nodes of   max( FLOPs / (peak of the unit that does them x share),  bytes / (bandwidth x share) )
 *     plus                    launches x launch time
 *
 * A node is a kernel of its own: it computes and moves at the same time, but not together with the next node. The shares
 * are what kernels reach of the data sheet, at a fast and at a slow end. Every published time of SVD-XT on a card whose
 * peak is known lies between the two ends: eager PyTorch, compilers and TensorRT on A100, A800, H100, A10G and
 * three GeForce cards (test/worker/plan/published-times.ts). No time was found for T4, L4 and L40S.
 */
export interface ReachedShares {
  /** Share of the dense float16 peak. */
  readonly tensorCores: number
  /** Share of the float32 peak, for all other products. In fp32 the worker turns TF32 off, so that it is not counted. */
  readonly float32: number
  readonly bandwidth: number
  /** Share of the stated clock, for cards that cannot hold it. */
  readonly clock: number
  readonly launchSeconds: number
}

export const REACHED: Readonly<Record<'fast' | 'slow', ReachedShares>> = {
  fast: {
    // The published run that reaches most: torch.compile on RTX 4080, 70 s, has to reach 0.69.
    tensorCores: 0.7,
    float32: 0.9,
    // Copies reach about nine tenths of the sheet's bandwidth.
    bandwidth: 0.9,
    clock: 1,
    // Launches are queued ahead, so that only the gap between two kernels is left.
    launchSeconds: 2e-6,
  },
  slow: {
    // The slowest published run: eager PyTorch on A100, 50.9 s. It does more work than these graphs, and all of that counts
    // as lost.
    tensorCores: 0.28,
    float32: 0.5,
    // Normalizations read their input twice.
    bandwidth: 0.5,
    // ONNX Runtime renders Stable Diffusion 1.5 at a fifth of a T4's peak and a quarter of an A100's, by its own table
    // (512x512, 50 steps, a batch of 8: 46 and 7 s). 0.28 x 0.6 leaves a margin below the fifth.
    clock: 0.6,
    // The card waits for each launch.
    launchSeconds: 10e-6,
  },
}

const GIGA = 1e9
const TERA = 1e12

export type Speed = Pick<Gpu, 'fp16Tflops' | 'fp32Tflops' | 'memoryGbPerSecond' | 'holdsClock'>

export interface DeviceSeconds {
  readonly seconds: Range
  /** Seconds of nodes that take longer to compute than to move. */
  readonly computeSeconds: Range
  /** Seconds of nodes that take longer to move than to compute. */
  readonly trafficSeconds: Range
  readonly launchSeconds: Range
}

type Parts = Record<'compute' | 'traffic' | 'launch', number>

const partsOf = (nodes: readonly NodeWork[], card: Speed, reached: ReachedShares): Parts => {
  const clock = card.holdsClock ? 1 : reached.clock
  const tensorCores = card.fp16Tflops * TERA * reached.tensorCores * clock
  const float32 = card.fp32Tflops * TERA * reached.float32 * clock
  const bandwidth = card.memoryGbPerSecond * GIGA * reached.bandwidth
  const parts: Parts = { compute: 0, traffic: 0, launch: 0 }
  for (const { flops, bytes, usesTensorCores } of nodes) {
    const compute = flops / (usesTensorCores ? tensorCores : float32)
    const traffic = bytes / bandwidth
    if (compute >= traffic) parts.compute += compute
    else parts.traffic += traffic
    if (bytes > 0) parts.launch += reached.launchSeconds
  }
  return parts
}

/** Predicts one run of these nodes on a card that does nothing else. */
export const deviceSecondsOf = (nodes: readonly NodeWork[], card: Speed): DeviceSeconds => {
  const [fast, slow] = [partsOf(nodes, card, REACHED.fast), partsOf(nodes, card, REACHED.slow)]
  const part = (name: keyof Parts): Range => rangeOf(fast[name], slow[name])
  return {
    seconds: addRanges(part('compute'), part('traffic'), part('launch')),
    computeSeconds: part('compute'),
    trafficSeconds: part('traffic'),
    launchSeconds: part('launch'),
  }
}

export interface GraphRuns {
  readonly runsPerClip: number
  readonly work: { readonly nodes: readonly NodeWork[] }
}

/** Predicts all runs of a clip, one after the other. */
export const clipSecondsOf = (graphs: readonly GraphRuns[], card: Speed): DeviceSeconds => {
  const each = graphs.map(({ runsPerClip, work }) => ({
    runsPerClip,
    seconds: deviceSecondsOf(work.nodes, card),
  }))
  const total = (of: (seconds: DeviceSeconds) => Range): Range =>
    addRanges(
      ...each.map(({ runsPerClip, seconds }) => mapRange(of(seconds), (value) => runsPerClip * value)),
    )
  return {
    seconds: total(({ seconds }) => seconds),
    computeSeconds: total(({ computeSeconds }) => computeSeconds),
    trafficSeconds: total(({ trafficSeconds }) => trafficSeconds),
    launchSeconds: total(({ launchSeconds }) => launchSeconds),
  }
}

export type DeviceLimit = 'compute' | 'memory bandwidth' | 'launches'

const extent = ({ low, high }: Range): number => low + high

/** The part that takes longest, by both ends of its range together. */
export const limitOf = ({ computeSeconds, trafficSeconds, launchSeconds }: DeviceSeconds): DeviceLimit => {
  const [compute, traffic, launches] = [computeSeconds, trafficSeconds, launchSeconds].map(extent)
  if (launches! > Math.max(compute!, traffic!)) return 'launches'
  return compute! >= traffic! ? 'compute' : 'memory bandwidth'
}

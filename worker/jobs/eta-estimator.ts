import { followPace, type Pace } from '../pipeline/pace.ts'
import type { Phase, Progress } from '../pipeline/progress.ts'

/** Decoding takes a quarter to a third of the time of denoising at the usual 25 steps; rather too much than too little. */
const DECODE_SHARE = 0.5

/** Estimate of the time that a render still takes, by its own progress. */
export interface EtaEstimator {
  update(progress: Progress, nowMs: number): void
  /** Seconds that the render still takes; `null` if it is not far enough for an estimate. */
  secondsLeft(nowMs: number): number | null
  /** Seconds of a denoising step, without its warm-up; `null` if not known yet. */
  secondsPerStep(): number | null
}

interface PhaseSoFar {
  readonly startedMs: number
  readonly pace: Pace
}

/**
 * The pace of a phase leaves its warm-up out. Decoding is expected to have a warm-up too where denoising had one, and as
 * long: the decoder has two thirds of the UNet's convolutions to plan, and fewer weights. A last chunk of another length
 * plans once more.
 */
export const createEtaEstimator = (): EtaEstimator => {
  const phases = new Map<Phase, PhaseSoFar>()
  let latest: { readonly progress: Progress; readonly atMs: number } | undefined

  const expectedMs = ({ phase, step, steps }: Progress): number | null => {
    const { pace } = phases.get(phase)!
    const each = pace.msPerStep()
    switch (phase) {
      case 'load':
      case 'encode-image':
        return null
      case 'denoise':
        return each === null ? null : each * (steps - step) + each * steps * DECODE_SHARE + pace.warmUpMs()
      case 'decode': {
        if (each !== null) return step === steps ? 0 : each * (steps - step) + pace.warmUpMs()
        const denoise = phases.get('denoise')
        if (denoise === undefined) return null
        const warmUpMs = denoise.pace.warmUpMs()
        const denoiseMs = phases.get('decode')!.startedMs - denoise.startedMs - warmUpMs
        return (denoiseMs * DECODE_SHARE * (steps - step)) / steps + (step === 0 ? warmUpMs : 0)
      }
      case 'encode-video':
        return 0
    }
  }

  return {
    update(progress, nowMs) {
      // A render with a smaller plan goes through all phases again.
      if (latest?.progress.phase !== progress.phase) {
        phases.set(progress.phase, { startedMs: nowMs, pace: followPace() })
      }
      phases.get(progress.phase)!.pace.update(progress, nowMs)
      // The time left runs on over a first run that begins.
      if (latest === undefined || progress.firstRun !== true) latest = { progress, atMs: nowMs }
    },
    secondsPerStep() {
      const each = phases.get('denoise')?.pace.msPerStep() ?? null
      return each === null ? null : each / 1000
    },
    secondsLeft(nowMs) {
      if (latest === undefined) return null
      const expected = expectedMs(latest.progress)
      return expected === null ? null : Math.max(0, expected - (nowMs - latest.atMs)) / 1000
    },
  }
}

import { type ScalingMetric, SLEEP_METRIC, trackMetric, WAKE_METRIC } from '../scaling-metrics.ts'
import {
  BATCH,
  CLIPS_PER_WORKER,
  MANAGED_SCALING,
  SLEEP,
  TRACK,
  WAKE,
  type WakeStep,
  wakeSteps,
} from '../scaling-policy.ts'

type Figures<Constants> = { readonly [Name in keyof Constants]: number }

/** How workers are scaled, as a value: what is deployed can be compared with something else. */
export interface Policy {
  readonly clipsPerWorker: number
  readonly wake: {
    readonly evaluationPeriods: number
    readonly metric: ScalingMetric
    readonly steps: (clipsPerWorker: number, maxWorkers: number) => readonly WakeStep[]
  }
  readonly track: Figures<typeof TRACK> & {
    readonly metric: (clipsPerWorker: number, gpusPerInstance: number) => ScalingMetric
  }
  readonly sleep: { readonly evaluationPeriods: number; readonly metric: ScalingMetric }
  readonly managedScaling: Figures<typeof MANAGED_SCALING>
  readonly batch: Figures<typeof BATCH>
  /** Workers with a clip in hand protect their task. */
  readonly protectsTasks: boolean
}

export const DEPLOYED: Policy = {
  clipsPerWorker: CLIPS_PER_WORKER,
  wake: { evaluationPeriods: WAKE.evaluationPeriods, metric: WAKE_METRIC, steps: wakeSteps },
  track: { ...TRACK, metric: trackMetric },
  sleep: { ...SLEEP, metric: SLEEP_METRIC },
  managedScaling: MANAGED_SCALING,
  batch: BATCH,
  protectsTasks: true,
}

import type { InstanceType } from '../../shared/fleet/instance-types.ts'
import { PAID_IDLE_SECONDS, readySeconds, WAKE_SECONDS } from './fleet-times.ts'
import { mapRange, type Range, rangeOf } from './range.ts'

const SECONDS_PER_HOUR = 3600

export interface Batch {
  readonly clips: number
  /** Render time of one clip on one card. */
  readonly secondsPerClip: Range
  /** Byte count of the model, which each instance fetches when it starts. */
  readonly modelBytes: number
}

export interface FleetPlan {
  readonly instances: number
  /** Count of workers: one for each card, so it is a multiple of an instance's cards. */
  readonly workers: number
  readonly clipsPerHour: Range
  /** Time from the first message to the last clip. */
  readonly hours: Range
  /** Time that is paid for, including the time while machines boot, and while they wait before they shut down. */
  readonly instanceHours: Range
  readonly usd: Range
  readonly usdPerClip: Range
  /** Share of the instances' paid time in which they do not render. */
  readonly overheadShare: Range
}

/** `usdPerHour` of one instance; `workers` and `clips` at least 1. */
export const planFleet = (
  { clips, secondsPerClip, modelBytes }: Batch,
  instance: InstanceType,
  { workers: asked, usdPerHour }: { readonly workers: number; readonly usdPerHour: Range },
): FleetPlan => {
  const instances = Math.ceil(asked / instance.gpus)
  const workers = instances * instance.gpus
  const rounds = Math.ceil(clips / workers)
  const ready = readySeconds(modelBytes, instance)

  const at = (end: keyof Range) => {
    const work = rounds * secondsPerClip[end]
    const paid = ready[end] + work + PAID_IDLE_SECONDS
    const instanceHours = (instances * paid) / SECONDS_PER_HOUR
    return {
      hours: (WAKE_SECONDS + ready[end] + work) / SECONDS_PER_HOUR,
      instanceHours,
      usd: instanceHours * usdPerHour[end],
      overheadShare: 1 - work / paid,
    }
  }
  const [low, high] = [at('low'), at('high')]
  const usd = rangeOf(low.usd, high.usd)
  return {
    instances,
    workers,
    clipsPerHour: rangeOf(
      (workers * SECONDS_PER_HOUR) / secondsPerClip.high,
      (workers * SECONDS_PER_HOUR) / secondsPerClip.low,
    ),
    hours: rangeOf(low.hours, high.hours),
    instanceHours: rangeOf(low.instanceHours, high.instanceHours),
    usd,
    usdPerClip: mapRange(usd, (total) => total / clips),
    // Slow clips leave less room for it.
    overheadShare: rangeOf(
      Math.min(low.overheadShare, high.overheadShare),
      Math.max(low.overheadShare, high.overheadShare),
    ),
  }
}

/** The fewest workers that finish in time even if all goes slowly; `null` if even the first clip would be too late. */
export const workersWithin = (
  withinSeconds: number,
  { clips, secondsPerClip, modelBytes }: Batch,
  instance: InstanceType,
): number | null => {
  const left = withinSeconds - WAKE_SECONDS - readySeconds(modelBytes, instance).high
  const clipsOfOne = Math.floor(left / secondsPerClip.high)
  if (clipsOfOne < 1) return null
  const instances = Math.ceil(clips / clipsOfOne / instance.gpus)
  return instances * instance.gpus
}

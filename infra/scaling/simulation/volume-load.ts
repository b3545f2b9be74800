import { MESSAGES_PER_WORKER } from '../../../functions/dispatch/fleet-figures.ts'
import type { InstanceType } from '../../../shared/fleet/instance-types.ts'
import { DOWNLOAD_PART_BYTES } from '../../../worker/models/download-files.ts'
import { MODEL_GB } from './boot-times.ts'
import { type PrefixRequests, s3RequestsOfClip } from './clip-requests.ts'

export const VOLUMES = [10, 10_000, 1_000_000] as const

/** Load of the busiest moment over the day's average, for a day in half a sine over twelve hours (`dayOf`). */
const PEAK = Math.PI
const DAY_SECONDS = 86_400

/** Load that so many clips a day cause at the busiest moment of the day. */
export interface PeakLoad {
  readonly clipsPerSecond: number
  readonly workers: number
  readonly instances: number
  readonly vcpus: number
  readonly messagesInFlight: number
  readonly prefixes: readonly (PrefixRequests & {
    readonly readsPerSecond: number
    readonly writesPerSecond: number
  })[]
  /** All instances fetch the model at the same time, at what their network gives for good. */
  readonly modelReadsPerSecond: number
}

export const peakLoadOf = (
  clipsPerDay: number,
  type: InstanceType,
  {
    renderSeconds,
    partBytes = DOWNLOAD_PART_BYTES,
  }: { readonly renderSeconds: number; readonly partBytes?: number },
): PeakLoad => {
  const clipsPerSecond = (PEAK * clipsPerDay) / DAY_SECONDS
  const workers = Math.ceil(clipsPerSecond * renderSeconds)
  const instances = Math.ceil(workers / type.gpus)
  return {
    clipsPerSecond,
    workers,
    instances,
    vcpus: instances * type.vcpus,
    messagesInFlight: workers * MESSAGES_PER_WORKER,
    prefixes: s3RequestsOfClip(renderSeconds).map((requests) => ({
      ...requests,
      readsPerSecond: requests.reads * clipsPerSecond,
      writesPerSecond: requests.writes * clipsPerSecond,
    })),
    modelReadsPerSecond: (instances * type.networkGbitPerSecond * 1e9) / 8 / partBytes,
  }
}

/** Requests for a model, each time that an instance starts. */
export const MODEL_READS = Math.ceil((MODEL_GB * 1e9) / DOWNLOAD_PART_BYTES)

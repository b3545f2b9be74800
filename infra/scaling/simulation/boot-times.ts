import type { InstanceType } from '../../../shared/fleet/instance-types.ts'
import { around, type Random } from './random.ts'

/*
 * From an instance's launch to a worker's first poll. None of it has been measured: it takes an account. AWS's guidance
 * for asynchronous inference with Stable Diffusion speaks of nodes "in 2 minutes", image and model not counted.
 */

/** Request, Spot capacity found, hypervisor: until EC2 calls it running, and bills. */
export const PENDING_SECONDS = 20
/** Kernel, NVIDIA driver, ECS agent: until the cluster can place a task there. */
export const REGISTER_SECONDS = 70
/** CUDA runtime, cuDNN, the CUDA provider and Node, compressed: what such images have; ours is not built here. */
export const IMAGE_GB = 3
/** A layer is unpacked at about that, of compressed bytes: one core, gzip. */
export const UNPACK_GB_PER_SECOND = 0.1
/** The fp16 checkpoint, all networks: 4,510,000,000 bytes. */
export const MODEL_GB = 4.51
/** Processes, CUDA's context, sessions, weights to the device. */
export const START_SECONDS = 25
/** Share by which each of these times varies, up or down. */
const SPREAD = 0.25

/** At what the network gives for good: an instance that starts has burst credit, and is faster. */
const downloadSeconds = (gigabytes: number, { networkGbitPerSecond }: InstanceType): number =>
  (gigabytes * 8) / networkGbitPerSecond

export interface BootTimes {
  readonly pendingSeconds: number
  readonly registerSeconds: number
  /** The first worker of an instance: image and model have to come. */
  readonly coldSeconds: number
  /** A later one: both are on its disk. */
  readonly warmSeconds: number
}

export const bootTimesOf = (type: InstanceType): BootTimes => ({
  pendingSeconds: PENDING_SECONDS,
  registerSeconds: REGISTER_SECONDS,
  coldSeconds:
    Math.max(downloadSeconds(IMAGE_GB, type), IMAGE_GB / UNPACK_GB_PER_SECOND) +
    downloadSeconds(MODEL_GB, type) +
    START_SECONDS,
  warmSeconds: START_SECONDS,
})

export const drawSeconds = (seconds: number, random: Random): number =>
  Math.round(around(seconds, SPREAD, random))

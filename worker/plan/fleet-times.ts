import type { InstanceType } from '../../shared/fleet/instance-types.ts'
import { addRanges, type Range, rangeOf } from './range.ts'

/*
 * A fleet that comes from zero and goes back:
 *
 *     work waits ──WAKE──▶ instances ordered ──BOOT──▶ worker runs ──model──▶ clips … last clip ──IDLE──▶ gone
 *                          └────────────────────────── paid for ──────────────────────────────────────┘
 */

/** Interval at which dispatch, which starts the workers of AWS Batch (the default), polls the queue. */
export const WAKE_SECONDS = 60

/**
 * A worker ends after two and a half minutes without a job, and Batch keeps its machine for some five more: the first is
 * deployed, the second neither documented nor measured. With ECS it is twice as long.
 */
export const PAID_IDLE_SECONDS = 450

/**
 * Time from the order to a worker that runs: machine, driver, image. It was not measured here. AWS's guidance for
 * asynchronous inference with Stable Diffusion says "nodes in 2 minutes"; the upper end is an image pulled without a
 * cache.
 */
export const BOOT_SECONDS: Range = rangeOf(120, 300)

const BITS_PER_BYTE = 8

/** A model fetched from S3, at what the instance's network gives for good. */
export const modelSeconds = (modelBytes: number, { networkGbitPerSecond }: InstanceType): number =>
  (modelBytes * BITS_PER_BYTE) / (networkGbitPerSecond * 1e9)

/** Paid for before the first clip begins. */
export const readySeconds = (modelBytes: number, instance: InstanceType): Range => {
  const model = modelSeconds(modelBytes, instance)
  return addRanges(BOOT_SECONDS, rangeOf(model, model))
}

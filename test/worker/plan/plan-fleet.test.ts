import { describe, expect, test } from 'vitest'
import { DISPATCH as DEPLOYED } from '../../../infra/scaling/scaling-policy.ts'
import { BATCH_KEEPS_IDLE_SECONDS } from '../../../infra/scaling/simulation/batch-fleet.ts'
import { GPUS } from '../../../shared/fleet/gpus.ts'
import type { InstanceType } from '../../../shared/fleet/instance-types.ts'
import { PAID_IDLE_SECONDS, WAKE_SECONDS } from '../../../worker/plan/fleet-times.ts'
import { planFleet, workersWithin } from '../../../worker/plan/plan-fleet.ts'

/** Two GPUs. A model of 10 GB takes 10 s. */
const INSTANCE: InstanceType = {
  gpu: GPUS.t4,
  ...{ gpus: 2, vcpus: 8, memoryGib: 1, nvmeGb: 1, networkGbitPerSecond: 8 },
  ...{ onDemandUsdPerHour: 1, spotUsdPerHour: null, quotaFamily: 'g-vt' },
}
const BATCH = { clips: 100, secondsPerClip: { low: 20, high: 60 }, modelBytes: 10e9 }
const USD = { low: 2, high: 3 }

describe('a batch on a fleet', () => {
  test('takes the time of boot, model and clips, and is paid from boot to the idle minutes at its end', () => {
    const plan = planFleet(BATCH, INSTANCE, { workers: 3, usdPerHour: USD })
    // Three workers are two instances, four workers: 25 clips each. Fast 500 s, slow 1500 s of work.
    expect(plan).toMatchObject({ instances: 2, workers: 4 })
    expect(plan.clipsPerHour).toEqual({ low: 240, high: 720 })
    // 60 + 120 + 10 + 500 = 690; 60 + 300 + 10 + 1500 = 1870
    expect(plan.hours.low).toBeCloseTo(690 / 3600, 12)
    expect(plan.hours.high).toBeCloseTo(1870 / 3600, 12)
    // 2 x (120 + 10 + 500 + 450) = 2160; 2 x (300 + 10 + 1500 + 450) = 4520
    expect(plan.instanceHours.low).toBeCloseTo(2160 / 3600, 12)
    expect(plan.instanceHours.high).toBeCloseTo(4520 / 3600, 12)
    expect(plan.usd.low).toBeCloseTo((2160 / 3600) * 2, 12)
    expect(plan.usd.high).toBeCloseTo((4520 / 3600) * 3, 12)
    expect(plan.usdPerClip.high).toBeCloseTo(plan.usd.high / 100, 12)
    // 580 of 1080, 760 of 2260
    expect(plan.overheadShare.low).toBeCloseTo(760 / 2260, 12)
    expect(plan.overheadShare.high).toBeCloseTo(580 / 1080, 12)
  })

  test('takes as long as the worker with the largest share of clips', () => {
    const hours = (clips: number) =>
      planFleet({ ...BATCH, clips }, INSTANCE, { workers: 4, usdPerHour: USD }).hours.low
    expect(hours(101) - hours(100)).toBeCloseTo(20 / 3600, 12)
    expect(hours(104)).toBe(hours(101))
  })
})

describe('workersWithin', () => {
  test.each([
    // 1870 - 370 = 1500 s for clips, 25 of each worker.
    [1870, 4],
    // One second less, and 24 of each: 4.2 workers, three instances.
    [1869, 6],
    // One clip of each.
    [430, 100],
    [429, null],
    [10, null],
  ])('of %d s returns %j', (seconds, workers) => {
    expect(workersWithin(seconds, BATCH, INSTANCE)).toBe(workers)
  })

  test('returns a number of workers whose plan is in time', () => {
    for (const seconds of [500, 900, 3600, 36_000]) {
      const workers = workersWithin(seconds, BATCH, INSTANCE) ?? 0
      const { hours } = planFleet(BATCH, INSTANCE, { workers, usdPerHour: USD })
      expect(hours.high * 3600).toBeLessThanOrEqual(seconds)
    }
  })
})

test('the planned start and idle times are those that the stack deploys by default', () => {
  expect(WAKE_SECONDS).toBe(DEPLOYED.everySeconds)
  expect(PAID_IDLE_SECONDS).toBe(DEPLOYED.untilIdleSeconds + BATCH_KEEPS_IDLE_SECONDS)
})

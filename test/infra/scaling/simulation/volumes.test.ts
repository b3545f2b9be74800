import { describe, expect, test } from 'vitest'
import { serviceCostsOf } from '../../../../infra/scaling/simulation/clip-cost.ts'
import { usdPerHour } from '../../../../infra/scaling/simulation/machine-cost.ts'
import { CLIP, INSTANCE } from '../../../../infra/scaling/simulation/scenarios.ts'
import { exceededBy, SERVICE_LIMITS, shareOf } from '../../../../infra/scaling/simulation/service-limits.ts'
import { peakLoadOf } from '../../../../infra/scaling/simulation/volume-load.ts'
import { instanceTypeOf } from '../../../../shared/fleet/instance-types.ts'

const MIB = 2 ** 20
const at = (clipsPerDay: number, partBytes?: number) =>
  peakLoadOf(clipsPerDay, instanceTypeOf(INSTANCE), {
    renderSeconds: CLIP.seconds,
    ...(partBytes === undefined ? {} : { partBytes }),
  })
const exceeded = (clipsPerDay: number): readonly string[] =>
  exceededBy(at(clipsPerDay)).map(({ what }) => what)
const share = (what: RegExp, load: ReturnType<typeof at>): number =>
  shareOf(SERVICE_LIMITS.find((limit) => what.test(limit.what)) ?? expect.fail(`${what}`), load) ?? Number.NaN

describe('the limits that are exceeded first', () => {
  test('at 10 clips a day are the vCPU quota of a new account', () => {
    expect(exceeded(10)).toEqual(['EC2: vCPUs of running G and VT instances'])
  })

  test('at 10,000 clips a day are the vCPU quota and maxWorkers', () => {
    expect(at(10_000).workers).toBe(11)
    expect(exceeded(10_000)).toEqual([
      'EC2: vCPUs of running G and VT instances',
      "this stack's maxWorkers, 4 if not set",
    ])
  })

  test('at 1,000,000 clips a day are also the Lambda concurrencies and ECS tasks without an instance', () => {
    expect(at(1_000_000).vcpus).toBe(4364)
    expect(exceeded(1_000_000)).toEqual([
      'EC2: vCPUs of running G and VT instances',
      "this stack's maxWorkers, 4 if not set",
      "this stack's records side by side, 2 if not set",
      "this stack's drops side by side, 5 if not set",
      'ECS: tasks without an instance, of a cluster',
    ])
  })
})

describe('the key layout at 1,000,000 clips a day', () => {
  test('sends the busiest prefix less than half of the requests that S3 allows', () => {
    expect(share(/writes a second of a prefix/, at(1_000_000))).toBeLessThan(0.5)
    expect(share(/reads a second of a prefix, the busiest/, at(1_000_000))).toBeLessThan(0.5)
  })

  test("keeps less than 5 percent of SQS's limit of messages in flight", () => {
    expect(share(/in flight/, at(1_000_000))).toBeLessThan(0.05)
  })

  test('renews task protection at 5 to 10 percent of the rate that ECS allows', () => {
    expect(share(/task protections/, at(1_000_000))).toBeGreaterThan(0.05)
    expect(share(/task protections/, at(1_000_000))).toBeLessThan(0.1)
  })

  test('lets all machines download the model at the same time with parts of 64 MiB', () => {
    expect(share(/models/, at(1_000_000, 16 * MIB))).toBeGreaterThan(1)
    expect(share(/models/, at(1_000_000, 64 * MIB))).toBeLessThan(1)
  })
})

describe('the cost of a clip beside machines', () => {
  const costs = (clipsPerDay: number) =>
    Object.fromEntries(
      serviceCostsOf(clipsPerDay, { renderSeconds: 30, launches: 10 }).map(({ of, usd }) => [of, usd]),
    )

  test('consists mostly of S3 requests, which cost less than 3 percent of the machine', () => {
    const machine = (usdPerHour(INSTANCE, 'spot') * 30) / 3600
    const { 'S3 requests': s3 = 0, SQS: sqs = 0, ingest = 0, logs = 0 } = costs(10_000)
    expect(s3).toBeGreaterThan(sqs + ingest + logs)
    expect(s3 / machine).toBeLessThan(0.03)
  })

  test('includes monthly charges that matter only for few clips', () => {
    expect(costs(10)['metrics, alarms']).toBeGreaterThan(0.01)
    expect(costs(10_000)['metrics, alarms']).toBeLessThan(0.0001)
  })
})

test('a Spot price is the mean of its range, and an unknown Spot price is an error', () => {
  expect(usdPerHour('g6e.xlarge', 'spot')).toBeCloseTo((0.878 + 1.333) / 2)
  expect(usdPerHour('g6e.xlarge', 'on-demand')).toBe(1.861)
  expect(() => usdPerHour('g5.8xlarge', 'spot')).toThrow('there is no Spot price of g5.8xlarge')
})

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

describe('what gives way first', () => {
  test('10 a day: nothing but the quota of a new account', () => {
    expect(exceeded(10)).toEqual(['EC2: vCPUs of running G and VT instances'])
  })

  test('10,000 a day: that, and maxWorkers', () => {
    expect(at(10_000).workers).toBe(11)
    expect(exceeded(10_000)).toEqual([
      'EC2: vCPUs of running G and VT instances',
      "this stack's maxWorkers, 4 if not set",
    ])
  })

  test('1,000,000 a day: drops side by side too, and tasks without an instance', () => {
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

describe('at 1,000,000 a day the layout of keys holds', () => {
  test('the busiest prefix takes less than half of what one may', () => {
    expect(share(/writes a second of a prefix/, at(1_000_000))).toBeLessThan(0.5)
    expect(share(/reads a second of a prefix, the busiest/, at(1_000_000))).toBeLessThan(0.5)
  })

  test('the queue holds what is in flight many times over', () => {
    expect(share(/in flight/, at(1_000_000))).toBeLessThan(0.05)
  })

  test("workers' renewals of their protection are some percent of what ECS takes, though each comes within five minutes", () => {
    expect(share(/task protections/, at(1_000_000))).toBeGreaterThan(0.05)
    expect(share(/task protections/, at(1_000_000))).toBeLessThan(0.1)
  })

  test('parts of 64 MiB let all machines fetch the model at the same time', () => {
    expect(share(/models/, at(1_000_000, 16 * MIB))).toBeGreaterThan(1)
    expect(share(/models/, at(1_000_000, 64 * MIB))).toBeLessThan(1)
  })
})

describe('what a clip costs beside machines', () => {
  const costs = (clipsPerDay: number) =>
    Object.fromEntries(
      serviceCostsOf(clipsPerDay, { renderSeconds: 30, launches: 10 }).map(({ of, usd }) => [of, usd]),
    )

  test('most of it are the requests to S3, and these are some percent of the machine', () => {
    const machine = (usdPerHour(INSTANCE, 'spot') * 30) / 3600
    const { 'S3 requests': s3 = 0, SQS: sqs = 0, ingest = 0, logs = 0 } = costs(10_000)
    expect(s3).toBeGreaterThan(sqs + ingest + logs)
    expect(s3 / machine).toBeLessThan(0.03)
  })

  test('what is paid by the month counts for little work alone', () => {
    expect(costs(10)['metrics, alarms']).toBeGreaterThan(0.01)
    expect(costs(10_000)['metrics, alarms']).toBeLessThan(0.0001)
  })
})

test('a Spot price is the middle of its range, and one that is not known is an error', () => {
  expect(usdPerHour('g6e.xlarge', 'spot')).toBeCloseTo((0.878 + 1.333) / 2)
  expect(usdPerHour('g6e.xlarge', 'on-demand')).toBe(1.861)
  expect(() => usdPerHour('g5.8xlarge', 'spot')).toThrow('there is no Spot price of g5.8xlarge')
})

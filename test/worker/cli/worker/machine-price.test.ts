import { expect, test } from 'vitest'
import { systemClock } from '../../../../shared/system-clock.ts'
import { findUsdPerHour } from '../../../../worker/cli/worker/machine-price.ts'
import { openInstanceMetadata } from '../../../../worker/instance/instance-metadata.ts'
import { aMetadataService } from '../../../fixtures/metadata-service.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const anInstance = (type: string, lifeCycle: string) => ({
  '/latest/meta-data/instance-type': type,
  '/latest/meta-data/instance-life-cycle': lifeCycle,
})

const find = async (
  answers: Record<string, string>,
  setting: number | 'auto' | null = 'auto',
  away = false,
) => {
  const service = await aMetadataService(answers)
  service.state.away = away
  const told: (readonly [string, string, unknown])[] = []
  const logger = {
    info: (message: unknown, ...extra: readonly unknown[]) => {
      told.push(['info', String(message), extra[0]])
    },
    warn: (message: unknown, ...extra: readonly unknown[]) => {
      told.push(['warn', String(message), extra[0]])
    },
  }
  const metadata = openInstanceMetadata({ endpoint: service.endpoint, clock: systemClock, fetch })
  return {
    usdPerHour: await findUsdPerHour(setting, { metadata, logger }, unaborted),
    told,
    asked: service.state.tokens,
  }
}

test.each([
  ['g6e.xlarge', 'on-demand', 1.861],
  ['g6e.xlarge', 'spot', 1.333],
  ['p5.48xlarge', 'on-demand', 6.88],
  ['p4d.24xlarge', 'spot', 1.74875],
  ['c7i.xlarge', 'on-demand', 0.1785],
])('a worker on %s (%s) costs %s USD per hour, its share of the instance', async (type, lifeCycle, price) => {
  const { usdPerHour, told } = await find(anInstance(type, lifeCycle))

  expect(usdPerHour).toBeCloseTo(price, 6)
  expect(told).toMatchObject([
    ['info', 'machine has a price', { instance_type: type, life_cycle: lifeCycle, usd_per_hour: usdPerHour }],
  ])
})

test.each([
  ['of a type that the table lacks', anInstance('m7g.large', 'on-demand'), 'no price of m7g.large'],
  ['whose Spot price the table lacks', anInstance('g6.8xlarge', 'spot'), 'no Spot price of g6.8xlarge'],
  ['without a type in its metadata', {}, 'has no instance-type'],
])('an instance %s has no price, and the worker logs one warning', async (_, answers, reason) => {
  const { usdPerHour, told } = await find(answers)

  expect(usdPerHour).toBe(null)
  expect(told).toMatchObject([
    ['warn', 'machine has no known price', { reason: expect.stringContaining(reason) }],
  ])
})

test('an instance without a metadata service has no price, and the worker logs one warning', async () => {
  const { usdPerHour, told } = await find(anInstance('g5.xlarge', 'spot'), 'auto', true)

  expect(usdPerHour).toBe(null)
  expect(told).toMatchObject([
    ['warn', 'machine has no known price', { reason: expect.stringContaining('no token: 503') }],
  ])
})

test.each([2.5, 0, null])(
  'a price setting of %s is used without a request to the metadata service',
  async (price) => {
    const { usdPerHour, told, asked } = await find(anInstance('g5.xlarge', 'spot'), price)

    expect({ usdPerHour, told, asked }).toEqual({ usdPerHour: price, told: [], asked: 0 })
  },
)

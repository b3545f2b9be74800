import { describe, expect, test } from 'vitest'
import { budgetLeft } from '../../../functions/dispatch/spend.ts'
import { leastUsdPerDay } from '../../../infra/config/least-budget.ts'
import { readConfig } from '../../../infra/config/read-config.ts'
import { machinePrices } from '../../../infra/scaling/machine-prices.ts'

const NOON = new Date('2026-11-30T12:00:00Z')
const FLEETS = { batch: ['batch'], ec2: ['ecs'], both: ['batch', 'ecs'] } as const

describe.each(['batch', 'ec2', 'both'] as const)('the smallest daily budget with compute %s', (compute) => {
  const config = readConfig({ 'svd:compute': compute })
  const least = leastUsdPerDay(config)
  const prices = machinePrices(config)

  /** Machines that dispatch may start at the beginning of a day. */
  const machinesFor = (maxUsdPerDay: number) => {
    const fleet = { machines: 0, machines_until: null }
    const fleets = FLEETS[compute].map((name) => ({ name, fleet, usdPerMachineHour: prices[name] }))
    const { isReached, machines } = budgetLeft(fleets, 0, maxUsdPerDay, NOON)
    return { isReached, machines: machines.batch + machines.ecs }
  }

  test('is the smallest for which dispatch starts a machine', () => {
    expect(machinesFor(least + 1e-9)).toEqual({ isReached: false, machines: 1 })
    expect(machinesFor(least - 1e-9)).toEqual({ isReached: true, machines: 0 })
  })

  test('is the lower limit of svd:maxUsdPerDay', () => {
    const rounded = Math.ceil(100 * least) / 100
    const read = (usd: number) => readConfig({ 'svd:compute': compute, 'svd:maxUsdPerDay': usd.toFixed(2) })

    expect(read(rounded).maxUsdPerDay).toBeCloseTo(rounded, 10)
    expect(() => read(rounded - 0.01)).toThrow(
      `svd:maxUsdPerDay: got ${(rounded - 0.01).toFixed(2)}; must be 0 for no limit, or at least ${rounded.toFixed(2)}: less starts no machine of these instanceTypes`,
    )
  })
})

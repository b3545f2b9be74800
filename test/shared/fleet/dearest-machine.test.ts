import { expect, test } from 'vitest'
import { dearestUsdPerHour } from '../../../shared/fleet/dearest-machine.ts'
import { INSTANCE_TYPES } from '../../../shared/fleet/instance-types.ts'

test('the dearest of several instance types counts, on Spot with the highest price of its range', () => {
  const { 'g6e.xlarge': g6e } = INSTANCE_TYPES

  expect(dearestUsdPerHour(['g6.xlarge', 'g6e.xlarge'], 'on-demand')).toBe(g6e.onDemandUsdPerHour)
  expect(dearestUsdPerHour(['g6e.xlarge', 'g6.xlarge'], 'spot')).toBe(g6e.spotUsdPerHour.high)
})

test('an instance type without a Spot price counts with its On-Demand price', () => {
  expect(dearestUsdPerHour(['g5.8xlarge', 'g6e.xlarge'], 'spot')).toBe(2.448)
})

test('an instance type that svd does not list counts as 0, and one without a GPU with its own price', () => {
  expect(dearestUsdPerHour(['g7e.2xlarge:1:8:64'], 'on-demand')).toBe(0)
  expect(dearestUsdPerHour(['g7e.2xlarge:1:8:64', 'c7i.xlarge'], 'on-demand')).toBe(0.1785)
})

import { expect, test } from 'vitest'
import { maxUsdPerDay, maxUsdPerEvent, usdPerDelivery } from '../../../infra/events/webhook-delivery.ts'

/** A signed event of a clip. */
const EVENT_BYTES = 3_000

test('a delivery costs 0.2 millionths of a dollar for each 64 KB, and the transfer of its bytes', () => {
  expect(usdPerDelivery(EVENT_BYTES)).toBeCloseTo(0.2e-6 + 3e-6 * 0.09, 12)
  // Two chunks of 64 KB.
  expect(usdPerDelivery(100_000)).toBeCloseTo(2 * 0.2e-6 + 1e-4 * 0.09, 12)
})

test('an event that no attempt delivers costs at most a hundredth of a cent', () => {
  expect(maxUsdPerEvent(EVENT_BYTES)).toBeCloseTo(186 * 0.47e-6 + 3 * 0.4e-6, 10)
  expect(maxUsdPerEvent(EVENT_BYTES)).toBeLessThan(0.0001)
})

test('a receiver that is down costs at most the limit per event and the limit of requests per second', () => {
  // 1,000 events: by the event. More: by ten requests a second.
  expect(maxUsdPerDay(10, 1_000, EVENT_BYTES)).toBeCloseTo(1_000 * maxUsdPerEvent(EVENT_BYTES), 10)
  expect(maxUsdPerDay(10, 1_000, EVENT_BYTES)).toBeLessThan(0.09)
  expect(maxUsdPerDay(10, 10_000, EVENT_BYTES)).toBeLessThan(0.42)
  expect(maxUsdPerDay(10, 1_000_000, EVENT_BYTES)).toBeCloseTo(864_000 * 0.47e-6 + 1.2, 6)
  expect(maxUsdPerDay(10, 1_000_000, EVENT_BYTES)).toBeLessThan(1.61)
})

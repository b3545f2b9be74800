import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backlogOf, workersNeeded } from '../../../functions/dispatch/workers-needed.ts'

const counts = fc.nat({ max: 1_000_000 })
const limits = fc.record({
  clipsPerWorker: fc.integer({ min: 1, max: 1000 }),
  maxWorkers: fc.integer({ min: 1, max: 10_000 }),
})

test.each([
  [0, 0],
  [1, 1],
  [10, 1],
  [11, 2],
  [499, 50],
  [1_000_000, 50],
])('a backlog of %i needs %i workers of ten clips, at most fifty', (backlog, workers) => {
  expect(workersNeeded(backlog, { clipsPerWorker: 10, maxWorkers: 50 })).toBe(workers)
})

test('the backlog includes messages that are in flight or delayed', () => {
  expect(backlogOf({ visible: 3, inFlight: 20, delayed: 100 })).toBe(123)
})

describe('the number of workers needed', () => {
  test('is zero exactly when the backlog is empty', () => {
    fc.assert(
      fc.property(counts, limits, (backlog, fleet) => {
        expect(workersNeeded(backlog, fleet) > 0).toBe(backlog > 0)
      }),
    )
  })

  test('never exceeds the limit or includes a worker without a clip to render', () => {
    fc.assert(
      fc.property(counts, limits, (backlog, fleet) => {
        const workers = workersNeeded(backlog, fleet)
        expect(workers).toBeLessThanOrEqual(fleet.maxWorkers)
        if (workers > 0) expect((workers - 1) * fleet.clipsPerWorker).toBeLessThan(backlog)
      }),
    )
  })

  test('suffices for the backlog when it is below the limit', () => {
    fc.assert(
      fc.property(counts, limits, (backlog, fleet) => {
        const workers = workersNeeded(backlog, fleet)
        if (workers < fleet.maxWorkers) expect(workers * fleet.clipsPerWorker).toBeGreaterThanOrEqual(backlog)
      }),
    )
  })

  test('never falls when the backlog grows', () => {
    fc.assert(
      fc.property(counts, counts, limits, (backlog, more, fleet) => {
        expect(workersNeeded(backlog + more, fleet)).toBeGreaterThanOrEqual(workersNeeded(backlog, fleet))
      }),
    )
  })
})

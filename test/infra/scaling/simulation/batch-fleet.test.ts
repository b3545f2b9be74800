import fc from 'fast-check'
import { expect, test } from 'vitest'
import { workersToStart } from '../../../../infra/scaling/simulation/batch-fleet.ts'

const LIMITS = { clipsPerWorker: 10, maxWorkers: 8 }

test('starts what the backlog needs and is not there yet', () => {
  expect(workersToStart({ backlog: 35, active: 1 }, LIMITS)).toBe(3)
  expect(workersToStart({ backlog: 1, active: 0 }, LIMITS)).toBe(1)
  expect(workersToStart({ backlog: 5, active: 4 }, LIMITS)).toBe(0)
})

test('never starts more than may be active, nor any for nothing', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(20), (backlog, active) => {
      const started = workersToStart({ backlog, active }, LIMITS)
      expect(started).toBeGreaterThanOrEqual(0)
      if (started > 0) expect(active + started).toBeLessThanOrEqual(Math.min(8, Math.ceil(backlog / 10)))
    }),
  )
})

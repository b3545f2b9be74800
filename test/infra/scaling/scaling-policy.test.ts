import { expect, test } from 'vitest'
import { wakeSteps } from '../../../infra/scaling/scaling-policy.ts'

test('from zero, a clip gets a worker, two get two, and more at least half of what they need', () => {
  expect(wakeSteps(10, 20)).toEqual([
    { fromBacklog: 1, workers: 1 },
    { fromBacklog: 2, workers: 2 },
    { fromBacklog: 40, workers: 4 },
    { fromBacklog: 80, workers: 8 },
    { fromBacklog: 160, workers: 16 },
    { fromBacklog: 200, workers: 20 },
  ])
})

test('never more than there may be', () => {
  expect(wakeSteps(10, 1)).toEqual([{ fromBacklog: 1, workers: 1 }])
  expect(wakeSteps(10, 3).at(-1)).toEqual({ fromBacklog: 30, workers: 3 })
})

test('the largest fleet that can be configured is woken in no more steps than step scaling takes', () => {
  expect(wakeSteps(10, 5_000).length).toBeLessThanOrEqual(20)
})

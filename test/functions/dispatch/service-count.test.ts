import { describe, expect, test } from 'vitest'
import { IDLE_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { countService, type ServiceNeed } from '../../../functions/dispatch/service-count.ts'
import type { FleetState } from '../../../shared/contracts/dispatch-state.ts'
import type { WorkerServiceState } from '../../../shared/ports/worker-service.ts'

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5)
const ALL = Number.POSITIVE_INFINITY

interface Minute extends Partial<Omit<ServiceNeed, 'fleet'>> {
  readonly waits?: FleetState['waits']
  readonly running?: number
  readonly olderRunning?: number
}

/** A service that is counted minute by minute. */
const aService = (before: number) => {
  let desired = before
  let surplus: FleetState['surplus'] = null
  let minute = 0
  return (now: Minute): number => {
    const { waits = null, running = desired, olderRunning = 0, ...need } = now
    const service: WorkerServiceState = {
      ...{ desired, running, olderRunning, pending: 0, deploymentId: 'ecs-svc/1' },
    }
    const fleet = { waits, surplus }
    const counted = countService(
      service,
      { ...{ needed: 0, inFlight: 0, most: ALL, isNew: false }, ...need, fleet },
      new Date(START_MS + minute++ * 60_000),
    )
    desired = counted.desired
    surplus = counted.surplus
    return desired
  }
}

describe('a higher count of workers', () => {
  test('is set at once', () => {
    const count = aService(0)

    expect([1, 4, 9].map((needed) => count({ needed }))).toEqual([1, 4, 9])
  })
})

describe('a lower count of workers', () => {
  test('is set when nothing was to be done for as long as a Batch worker waits idle', () => {
    const count = aService(4)
    const minutes = Math.ceil(IDLE_SECONDS / 60)

    expect(Array.from({ length: minutes }, () => count({ needed: 0 }))).toEqual(Array(minutes).fill(4))
    expect(count({ needed: 0 })).toBe(0)
  })

  test('is not set while every worker may lease a message, however few messages wait', () => {
    const count = aService(4)

    expect(Array.from({ length: 30 }, () => count({ needed: 1, inFlight: 4 }))).toEqual(Array(30).fill(4))
  })

  test('is the largest number of busy workers within the idle time', () => {
    const count = aService(8)
    const inFlight = [2, 5, 3, 2]

    expect(inFlight.map((messages) => count({ needed: 1, inFlight: messages }))).toEqual([8, 8, 8, 5])
  })

  test('is not set until the idle time has passed since all workers were busy', () => {
    const count = aService(4)
    const inFlight = [0, 0, 4, 0, 0, 0, 0]

    expect(inFlight.map((messages) => count({ needed: 1, inFlight: messages }))).toEqual([
      4, 4, 4, 4, 4, 4, 1,
    ])
  })
})

describe('a service that may start no worker', () => {
  test.each(['back-off', 'budget'] as const)('because of %s is set to zero at once', (waits) => {
    expect(aService(4)({ needed: 4, inFlight: 4, most: 0, waits })).toBe(0)
  })

  test('because the model is missing keeps its running workers', () => {
    expect(aService(4)({ needed: 4, most: 0, waits: 'model', running: 2 })).toBe(2)
  })
})

test('the count for a canary is one more than the running tasks of earlier deployments', () => {
  expect(aService(0)({ needed: 8, most: 1, waits: 'canary' })).toBe(1)
  expect(aService(6)({ needed: 8, most: 1, waits: 'canary', running: 6 })).toBe(1)
  expect(aService(6)({ needed: 8, most: 1, waits: 'canary', running: 0, olderRunning: 6 })).toBe(7)
})

test('the task that CloudFormation starts with a new service is removed at once', () => {
  expect(aService(1)({ needed: 0, isNew: true, running: 0 })).toBe(0)
  expect(aService(1)({ needed: 0, running: 0 })).toBe(1)
})

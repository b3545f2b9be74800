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

describe('more workers', () => {
  test('are asked for at once', () => {
    const count = aService(0)

    expect([1, 4, 9].map((needed) => count({ needed }))).toEqual([1, 4, 9])
  })
})

describe('fewer workers', () => {
  test('are asked for when nothing was to be done for as long as a worker of Batch waits idle', () => {
    const count = aService(4)
    const minutes = Math.ceil(IDLE_SECONDS / 60)

    expect(Array.from({ length: minutes }, () => count({ needed: 0 }))).toEqual(Array(minutes).fill(4))
    expect(count({ needed: 0 })).toBe(0)
  })

  test('are asked for not while each may have a message, however little waits', () => {
    const count = aService(4)

    expect(Array.from({ length: 30 }, () => count({ needed: 1, inFlight: 4 }))).toEqual(Array(30).fill(4))
  })

  test('are as many as were busy at the busiest moment meanwhile', () => {
    const count = aService(8)
    const inFlight = [2, 5, 3, 2]

    expect(inFlight.map((messages) => count({ needed: 1, inFlight: messages }))).toEqual([8, 8, 8, 5])
  })

  test('are asked for not when all were busy once meanwhile', () => {
    const count = aService(4)
    const inFlight = [0, 0, 4, 0, 0, 0, 0]

    expect(inFlight.map((messages) => count({ needed: 1, inFlight: messages }))).toEqual([
      4, 4, 4, 4, 4, 4, 1,
    ])
  })
})

describe('where none may start', () => {
  test.each(['back-off', 'budget'] as const)('because of %s, none is asked for at once', (waits) => {
    expect(aService(4)({ needed: 4, inFlight: 4, most: 0, waits })).toBe(0)
  })

  test('for want of a model, those that run are kept', () => {
    expect(aService(4)({ needed: 4, most: 0, waits: 'model', running: 2 })).toBe(2)
  })
})

test('a canary comes on top of the tasks of earlier deployments', () => {
  expect(aService(0)({ needed: 8, most: 1, waits: 'canary' })).toBe(1)
  expect(aService(6)({ needed: 8, most: 1, waits: 'canary', running: 6 })).toBe(1)
  expect(aService(6)({ needed: 8, most: 1, waits: 'canary', running: 0, olderRunning: 6 })).toBe(7)
})

test('the task that CloudFormation starts with a new service is taken back at once', () => {
  expect(aService(1)({ needed: 0, isNew: true, running: 0 })).toBe(0)
  expect(aService(1)({ needed: 0, running: 0 })).toBe(1)
})

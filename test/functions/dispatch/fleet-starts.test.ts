import { describe, expect, test } from 'vitest'
import { BACK_OFF_MINUTES, START_LIMIT_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { decideStarts, type FleetSeen } from '../../../functions/dispatch/fleet-starts.ts'
import { type FleetState, NEW_FLEET } from '../../../shared/contracts/dispatch-state.ts'
import { cannotStart } from '../../../shared/contracts/fleet-fault.ts'

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5)
const ALL = Number.POSITIVE_INFINITY

const seen = (more: Partial<FleetSeen> = {}): FleetSeen => ({
  ...{ revision: 'worker:1', model: 'etag', visible: 20, inFlight: 0 },
  ...{ asked: 0, running: 0, others: 0, failed: [], isPaused: false },
  ...more,
})

/** A fleet that is polled minute by minute. */
const aFleet = (before: Partial<FleetState> = {}) => {
  let fleet: FleetState = { ...NEW_FLEET, revision: 'worker:1', model: 'etag', ...before }
  let minute = 0
  const look = (more: Partial<FleetSeen> = {}) => {
    const decision = decideStarts(fleet, seen(more), new Date(START_MS + minute++ * 60_000))
    fleet = decision.fleet
    return { ...decision.fleet, most: decision.most }
  }
  return {
    look,
    /** Minutes until a worker may be started again. */
    minutesUntilStart(more: Partial<FleetSeen> = {}): number {
      for (let waited = 0; waited < 100; waited++) if (look(more).most > 0) return waited
      return Number.POSITIVE_INFINITY
    },
  }
}

const FAILED = { failed: ['exit code 1'] }

describe('a deployment', () => {
  test('starts one worker until that has taken a message, and then all', () => {
    const fleet = aFleet({ revision: null, model: null })

    expect(fleet.look()).toMatchObject({ most: 1, waits: 'canary', proven: false })
    expect(fleet.look({ asked: 1 })).toMatchObject({ most: 1, waits: 'canary' })
    expect(fleet.look({ asked: 1, running: 1 })).toMatchObject({ most: 1, waits: 'canary' })
    expect(fleet.look({ asked: 1, running: 1, inFlight: 1 })).toMatchObject({ most: ALL, waits: null })
  })

  test('that is proven starts all workers after hours without messages', () => {
    const fleet = aFleet({ proven: true })
    fleet.look({ visible: 0, model: undefined })

    expect(fleet.look()).toMatchObject({ most: ALL, waits: null })
  })

  test('that is replaced, or whose model changes, starts one worker again', () => {
    expect(aFleet({ proven: true }).look({ revision: 'worker:2' })).toMatchObject({ most: 1 })
    expect(aFleet({ proven: true }).look({ model: 'other' })).toMatchObject({ most: 1 })
  })

  test('is not proven by messages that workers of an earlier deployment or other fleet may lease', () => {
    const fleet = aFleet()
    const busy = { asked: 1, running: 1, others: 2 }

    expect(fleet.look({ ...busy, inFlight: 6 })).toMatchObject({ most: 1 })
    expect(fleet.look({ ...busy, inFlight: 7 })).toMatchObject({ most: ALL })
  })

  test('is not proven by messages that are hidden until their next attempt', () => {
    const fleet = aFleet()
    const starting = { asked: 1, running: 1 }
    fleet.look({ asked: 1, inFlight: 4 })

    expect(fleet.look({ ...starting, inFlight: 4 })).toMatchObject({ most: 1 })
    // Two of them are visible again.
    expect(fleet.look({ ...starting, inFlight: 2 })).toMatchObject({ most: 1 })
    expect(fleet.look({ ...starting, inFlight: 3 })).toMatchObject({ most: ALL })
  })

  test('is proven, beside other workers, by a worker that runs for longer than the start limit', () => {
    const fleet = aFleet()
    const busy = { asked: 1, running: 1, others: 2, inFlight: 6 }
    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++) expect(fleet.look(busy).most).toBe(1)

    expect(fleet.look(busy)).toMatchObject({ most: ALL })
  })
})

describe('a failed start', () => {
  test('is followed by 1, 2, 4 … 60 minutes without a start, and then by one worker', () => {
    const fleet = aFleet({ proven: true })
    const waited = Array.from({ length: 8 }, () => {
      const { most, waits, failure } = fleet.look(FAILED)
      expect({ most, waits, failure }).toEqual({ most: 0, waits: 'back-off', failure: 'exit code 1' })
      return fleet.minutesUntilStart() + 1
    })

    expect(waited).toEqual([...BACK_OFF_MINUTES, 60])
    expect(fleet.look()).toMatchObject({ most: 1, failures: 8 })
  })

  test('no longer prevents starts once a worker takes a message, and is then not reported', () => {
    const fleet = aFleet()
    fleet.look(FAILED)
    fleet.look(FAILED)

    const working = fleet.look({ asked: 1, running: 1, inFlight: 1 })
    expect(working).toMatchObject({ most: ALL, retry_at: null, waits: null, failures: 2 })
    expect(cannotStart(working)).toBe(false)
  })

  test('is forgotten when workers have worked for as long as the start limit', () => {
    const fleet = aFleet()
    const working = { asked: 1, running: 1, inFlight: 1 }
    fleet.look(FAILED)
    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++)
      expect(fleet.look(working).failures).toBe(1)

    expect(fleet.look(working)).toMatchObject({ failures: 0, failure: null })
  })

  test('is forgotten when workers have emptied the queue, but not before they have worked', () => {
    const nothing = { visible: 0, model: undefined }
    const fleet = aFleet()
    fleet.look(FAILED)
    expect(fleet.look(nothing).failures).toBe(1)
    fleet.look({ asked: 1, running: 1, inFlight: 1 })

    expect(fleet.look(nothing)).toMatchObject({ failures: 0, failure: null })
  })

  test('is counted as the second in a row when workers stop soon after they took a message', () => {
    const fleet = aFleet()
    fleet.look(FAILED)
    fleet.look({ asked: 1, running: 1, inFlight: 1 })

    expect(fleet.look({ ...FAILED, inFlight: 1 })).toMatchObject({
      ...{ most: 0, waits: 'back-off', failures: 2, proven: false },
    })
  })

  test('restarts the time for which workers must work before failures are forgotten', () => {
    const fleet = aFleet({ proven: true })
    const working = { asked: 2, running: 2, inFlight: 2 }
    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++) fleet.look(working)
    fleet.look({ ...working, failed: ['a', 'b'] })

    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++)
      expect(fleet.look(working).failures).toBe(1)
    expect(fleet.look(working).failures).toBe(0)
  })

  test('is not counted for a worker that takes no message because of the budget', () => {
    const fleet = aFleet({ proven: true })
    for (let minute = 0; minute < 2 * (START_LIMIT_SECONDS / 60); minute++)
      expect(fleet.look({ asked: 2, running: 1, isPaused: true }).failures).toBe(0)
  })

  test('is not counted while other workers of this deployment have messages', () => {
    expect(aFleet({ proven: true }).look({ ...FAILED, asked: 3, running: 3, inFlight: 4 })).toMatchObject({
      ...{ most: ALL, failures: 0 },
    })
  })

  test('is counted, although other workers have messages, when as many workers failed as run', () => {
    const look = aFleet({ proven: true }).look({ failed: ['a', 'b'], asked: 2, running: 2, inFlight: 4 })

    expect(look).toMatchObject({ most: 0, waits: 'back-off', failures: 1, failure: 'a' })
  })

  test('is counted for a worker that runs for the start limit and takes no message', () => {
    const fleet = aFleet()
    const starting = { asked: 1, running: 1 }
    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++)
      expect(fleet.look(starting).waits).toBe('canary')

    expect(fleet.look(starting)).toMatchObject({
      ...{ most: 0, waits: 'back-off', failures: 1 },
      failure: 'workers ran for 15 minutes, and none took a message',
    })
  })

  test.each([
    ['the deployment changes', { revision: 'worker:2' }],
    ['the model changes', { model: 'other' }],
  ])('no longer prevents starts when %s', (_, change) => {
    const fleet = aFleet()
    for (let n = 0; n < 7; n++) fleet.look(FAILED)
    expect(fleet.look()).toMatchObject({ most: 0, waits: 'back-off' })

    expect(fleet.look(change)).toMatchObject({ most: 1, failures: 0, retry_at: null, waits: 'canary' })
  })
})

test('a worker that started late beside busy ones has not failed before its own start limit', () => {
  const fleet = aFleet()
  const minutes = START_LIMIT_SECONDS / 60
  const booting = { asked: 1, running: 0, others: 4, inFlight: 12 }
  for (let minute = 0; minute < minutes - 5; minute++) fleet.look(booting)
  for (let minute = 0; minute < minutes; minute++)
    expect(fleet.look({ ...booting, running: 1 })).toMatchObject({ most: 1, failures: 0 })

  expect(fleet.look({ ...booting, running: 1 })).toMatchObject({ most: ALL, waits: null })
})

describe('a fleet that gets no machine within the start limit', () => {
  test('is reported, has no failed start, and stays requested', () => {
    const fleet = aFleet({ proven: true })
    for (let minute = 0; minute < START_LIMIT_SECONDS / 60; minute++) fleet.look({ asked: 2 })
    const waiting = fleet.look({ asked: 2 })

    expect(waiting).toMatchObject({ most: ALL, waits: 'machine', failures: 0 })
    expect(cannotStart(waiting)).toBe(true)
  })
})

describe('a fleet whose model record is missing', () => {
  test('starts no worker and counts no failure', () => {
    const waiting = aFleet({ proven: true }).look({ model: null })

    expect(waiting).toMatchObject({ most: 0, waits: 'model', failures: 0, retry_at: null })
    expect(cannotStart(waiting)).toBe(true)
  })

  test('starts one worker in the minute the record appears, despite earlier failures', () => {
    const fleet = aFleet({ model: null })
    for (let n = 0; n < 7; n++) fleet.look({ ...FAILED, model: null })

    expect(fleet.look({ model: 'etag' })).toMatchObject({ most: 1, failures: 0, waits: 'canary' })
  })

  test('starts one worker when the same record comes back', () => {
    const fleet = aFleet()
    for (let n = 0; n < 7; n++) fleet.look(FAILED)
    fleet.look({ model: null })

    expect(fleet.look({ model: 'etag' })).toMatchObject({ most: 1, failures: 0 })
  })
})

test('cannotStart is false for a fleet with failed starts while its backlog is empty', () => {
  const fleet = aFleet()
  fleet.look(FAILED)

  expect(cannotStart(fleet.look({ visible: 0, model: undefined }))).toBe(false)
  expect(cannotStart(fleet.look())).toBe(true)
})

import { describe, expect, test } from 'vitest'
import { LINGER_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { addUp, budgetLeft, machinesFor, nextDay } from '../../../functions/dispatch/spend.ts'

const at = (text: string): Date => new Date(`2026-01-${text}Z`)
const counted = { day: '2026-01-02', countedAt: '2026-01-02T10:00:00.000Z' }

describe('the cost of a day', () => {
  test('is the sum over machines for the time for which they were requested', () => {
    expect(addUp({ usd: 5, machines: 4 }, counted, 1.5, at('02T10:20:00'))).toBe(7)
  })

  test("restarts at midnight UTC and includes today's part of an interval that crosses it", () => {
    const late = { day: '2026-01-02', countedAt: '2026-01-02T23:59:00.000Z' }

    expect(addUp({ usd: 5, machines: 60 }, late, 1, at('03T00:01:00'))).toBe(1)
  })

  test('grows while dispatch does not run, because its machines still run', () => {
    expect(addUp({ usd: 0, machines: 2 }, counted, 1, at('02T13:00:00'))).toBe(6)
    expect(addUp({ usd: 9, machines: 2 }, counted, 1, at('05T01:00:00'))).toBe(2)
  })

  test('is zero when no machine is requested', () => {
    expect(addUp({ usd: 0, machines: 0 }, counted, 9, at('02T13:00:00'))).toBe(0)
  })
})

describe('the machines that are paid for', () => {
  const now = at('02T10:00:00')
  const after = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)
  const none = { asked: 0, machines: 0, machines_until: null }
  const four = { name: 'batch', asked: 4, gpusPerMachine: 1, maxWorkers: 10 } as const

  test('are as many as the workers need', () => {
    expect(machinesFor(none, four, now).machines).toBe(4)
    expect(machinesFor(none, { ...four, asked: 9, gpusPerMachine: 8 }, now).machines).toBe(2)
    expect(machinesFor(none, { ...four, asked: 0 }, now)).toEqual({ machines: 0, machines_until: null })
  })

  test.each(['batch', 'ecs'] as const)(
    'count on for their idle time after their workers ended, on %s',
    (name) => {
      const before = { asked: 4, ...machinesFor(none, { ...four, name }, now) }
      const linger = LINGER_SECONDS[name]
      const fewer = (seconds: number) =>
        machinesFor(before, { ...four, name, asked: 1 }, after(seconds)).machines

      expect([fewer(60), fewer(linger - 1), fewer(linger)]).toEqual([4, 4, 1])
    },
  )

  test('are two for a first ECS worker, unless the limit is one worker', () => {
    const one = { ...four, name: 'ecs', asked: 1 } as const

    expect(machinesFor(none, one, now).machines).toBe(2)
    expect(machinesFor(none, { ...one, maxWorkers: 1 }, now).machines).toBe(1)
    expect(machinesFor({ asked: 1, machines: 1, machines_until: null }, one, now).machines).toBe(1)
  })
})

describe('the budget that is left', () => {
  const now = at('02T10:00:00')
  const none = { machines: 0, machines_until: null }
  /** Kept for half an hour more. */
  const ten = { machines: 10, machines_until: at('02T10:30:00').toISOString() }
  const fleet = (name: 'batch' | 'ecs', paidFor: typeof none | typeof ten) => ({
    ...{ name, fleet: paidFor, usdPerMachineHour: 2 },
  })

  test('is infinite when no budget is set', () => {
    const { isReached, machines } = budgetLeft([fleet('batch', ten)], 1e9, null, now)

    expect([isReached, machines.batch]).toEqual([false, Number.POSITIVE_INFINITY])
  })

  test('is used up when it pays only for the idle time of the machines that run', () => {
    const reached = (usdToday: number) => budgetLeft([fleet('batch', ten)], usdToday, 20, now).isReached

    expect([reached(9.9), reached(10)]).toEqual([false, true])
  })

  test('pays for half an hour and the idle time of a new machine, after those that already run', () => {
    // A machine of Batch: half an hour and six minutes, at two dollars an hour: 1.20.
    const machines = (paidFor: typeof none | typeof ten, max: number) =>
      budgetLeft([fleet('batch', paidFor)], 0, max, now).machines.batch

    expect([machines(none, 12), machines(none, 11.9)]).toEqual([10, 9])
    // Ten that are there take ten dollars of idle time, and ten for half an hour.
    expect([machines(ten, 20), machines(ten, 21.3)]).toEqual([0, 1])
  })

  test('is split between two fleets', () => {
    const { machines } = budgetLeft([fleet('batch', none), fleet('ecs', none)], 0, 24, now)

    expect(machines).toEqual({ batch: 10, ecs: Math.floor(12 / ((2 * 47) / 60)) })
  })
})

test('nextDay is the next midnight UTC', () => {
  expect(nextDay(at('02T23:59:59')).toISOString()).toBe('2026-01-03T00:00:00.000Z')
  expect(nextDay(at('31T00:00:00')).toISOString()).toBe('2026-02-01T00:00:00.000Z')
})

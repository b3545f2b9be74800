import { describe, expect, test } from 'vitest'
import { DEPLOYED, type Policy } from '../../../../infra/scaling/simulation/policy.ts'
import type { FleetRun } from '../../../../infra/scaling/simulation/run-fleet.ts'
import { SCENARIOS } from '../../../../infra/scaling/simulation/scenarios.ts'
import { runScenario, WAYS } from './run-scenario.ts'

const DAY_SECONDS = 86_400
const MOST_MACHINES = 32
const LONGEST_CLIP_SECONDS = 36

/** Machine hours of each day, as EC2 bills them. A machine counts a dollar an hour. */
const hoursByDay = ({ machines, endedAt }: FleetRun): readonly number[] =>
  Array.from({ length: Math.ceil(endedAt / DAY_SECONDS) }, (_, day) => {
    const [from, to] = [day * DAY_SECONDS, (day + 1) * DAY_SECONDS]
    const seconds = machines.all.map(({ runningAt, endedAt: ended }) =>
      Math.max(0, Math.min(to, ended ?? endedAt) - Math.max(from, runningAt)),
    )
    return seconds.reduce((sum, one) => sum + one, 0) / 3600
  })

const runWith = (way: (typeof WAYS)[number], policy: Partial<Policy>): FleetRun =>
  runScenario(SCENARIOS.tenThousand, way, { policy: { ...DEPLOYED, ...policy } })

describe.each(WAYS)('a backlog of 10,000 clips on %s', (way) => {
  test('with a budget of 20 machine hours a day costs at most that, two checks and a clip', () => {
    const run = runWith(way, { maxUsdPerDay: 20 })
    const beyond = (MOST_MACHINES * (2 * 60 + LONGEST_CLIP_SECONDS)) / 3600

    const days = hoursByDay(run)
    expect(days.length).toBe(3)
    for (const hours of days) {
      expect(hours).toBeGreaterThan(15)
      expect(hours).toBeLessThan(20 / 0.93 + beyond)
    }
  })

  test('is worked on every day, and no clip is rendered twice or lost', () => {
    const { queue } = runWith(way, { maxUsdPerDay: 20 })
    const doneOn = (day: number): number =>
      queue.doneAt.filter((at) => Math.floor(at / DAY_SECONDS) === day).length

    for (const day of [0, 1, 2]) expect(doneOn(day)).toBeGreaterThan(1_000)
    expect(Math.max(...queue.records)).toBe(1)
    const done = queue.records.filter((count) => count === 1).length
    expect(queue.visible() + queue.inFlight()).toBe(10_000 - done)
  })

  test('whose workers fail to start costs few machine hours a day, and at most the budget', () => {
    const unlimited = hoursByDay(runWith(way, { workersFail: true }))
    const limited = hoursByDay(runWith(way, { workersFail: true, maxUsdPerDay: 3 }))

    // Without the back-off a machine would be up all day.
    for (const hours of unlimited.slice(1)) expect(hours).toBeLessThan(way === 'ecs' ? 16 : 6)
    for (const hours of limited.slice(1)) expect(hours).toBeLessThan(3 / 0.93)
  })
})

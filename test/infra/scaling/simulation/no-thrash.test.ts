import { describe, expect, test } from 'vitest'
import {
  every,
  halfSineDay,
  SCENARIOS,
  type Scenario,
} from '../../../../infra/scaling/simulation/scenarios.ts'
import { outcomesIn, WAYS } from './run-scenario.ts'

const busy: readonly Scenario[] = [
  SCENARIOS.steady,
  SCENARIOS.day,
  { name: 'a clip every 20 s', load: () => every(20, 12) },
  { name: "a day's wave of 50,000", load: () => halfSineDay(50_000), maxWorkers: 100 },
]

describe.each(WAYS.flatMap((way) => busy.map((scenario) => ({ way, scenario, name: scenario.name }))))(
  'the fleet in the scenario $name, on $way',
  ({ way, scenario }) => {
    const outcomes = outcomesIn(scenario, way)

    test('changes the direction of its worker count at most eight times', () => {
      for (const { turns } of outcomes) expect(turns).toBeLessThanOrEqual(8)
    })

    test('ends at most a quarter of its machines, and one more, without a clip', () => {
      for (const { launches, launchesForNothing } of outcomes)
        expect(launchesForNothing).toBeLessThanOrEqual(1 + launches / 4)
    })

    test('renders more than twelve clips for each launched machine', () => {
      for (const { launches, reclaims, clips } of outcomes)
        expect(clips / (launches - reclaims)).toBeGreaterThan(12)
    })
  },
)

describe('a load of one clip every ten minutes', () => {
  test('launches at most two machines per clip on ECS, one of them unused', () => {
    for (const { clips, launches, launchesForNothing, reclaims } of outcomesIn(SCENARIOS.trickle, 'ecs')) {
      expect(launches - reclaims).toBeLessThanOrEqual(2 * clips)
      expect(launchesForNothing).toBeLessThanOrEqual(clips)
    }
  })

  test('launches at most one machine for two clips on Batch, and none unused', () => {
    for (const { clips, launches, launchesForNothing, reclaims } of outcomesIn(SCENARIOS.trickle, 'batch')) {
      expect(launches - reclaims).toBeLessThanOrEqual(clips / 2)
      expect(launchesForNothing).toBe(0)
    }
  })

  test('keeps clips waiting at most as long as a start from zero', () => {
    for (const way of WAYS)
      for (const { p95WaitSeconds } of outcomesIn(SCENARIOS.trickle, way))
        expect(p95WaitSeconds).toBeLessThan(480)
  })
})

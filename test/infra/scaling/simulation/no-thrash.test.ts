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
  'no thrash: $name, $way',
  ({ way, scenario }) => {
    const outcomes = outcomesIn(scenario, way)

    test('in eight hours and more, the number of workers that are wanted turns eight times at most', () => {
      for (const { turns } of outcomes) expect(turns).toBeLessThanOrEqual(8)
    })

    test('at most a quarter of the machines, and one from zero, end without having done a clip', () => {
      for (const { launches, launchesForNothing } of outcomes)
        expect(launchesForNothing).toBeLessThanOrEqual(1 + launches / 4)
    })

    test('a machine is launched for twelve clips at least', () => {
      for (const { launches, reclaims, clips } of outcomes)
        expect(clips / (launches - reclaims)).toBeGreaterThan(12)
    })
  },
)

describe('one clip every ten minutes, which no fleet is made for', () => {
  test('launches a pair of machines for a clip at most on ECS, one of them for nothing', () => {
    for (const { clips, launches, launchesForNothing, reclaims } of outcomesIn(SCENARIOS.trickle, 'ecs')) {
      expect(launches - reclaims).toBeLessThanOrEqual(2 * clips)
      expect(launchesForNothing).toBeLessThanOrEqual(clips)
    }
  })

  test('launches one for two clips on Batch, and none for nothing', () => {
    for (const { clips, launches, launchesForNothing, reclaims } of outcomesIn(SCENARIOS.trickle, 'batch')) {
      expect(launches - reclaims).toBeLessThanOrEqual(clips / 2)
      expect(launchesForNothing).toBe(0)
    }
  })

  test('keeps nobody waiting for longer than a start from zero', () => {
    for (const way of WAYS)
      for (const { p95WaitSeconds } of outcomesIn(SCENARIOS.trickle, way))
        expect(p95WaitSeconds).toBeLessThan(480)
  })
})

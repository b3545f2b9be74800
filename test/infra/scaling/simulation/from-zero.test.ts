import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../infra/scaling/simulation/outcome.ts'
import { PRICE_USD_PER_HOUR, SCENARIOS } from '../../../../infra/scaling/simulation/scenarios.ts'
import { outcomesIn } from './run-scenario.ts'

const MINUTE = 60
const worst = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  Math.max(...outcomes.map(of))
const usd = ({ machineHours }: Outcome): number => machineHours * PRICE_USD_PER_HOUR

describe('ECS, from no machines to a backlog and back', () => {
  test("has the first clip within eight minutes, after the queue's metrics were inactive overnight", () => {
    expect(worst(outcomesIn(SCENARIOS.one, 'ecs'), (o) => o.firstClipSeconds)).toBeLessThan(8 * MINUTE)
  })

  test('completes a hundred clips within 20 minutes, for less than six dollars', () => {
    const outcomes = outcomesIn(SCENARIOS.hundred, 'ecs')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(20 * MINUTE)
    expect(worst(outcomes, usd)).toBeLessThan(6)
  })

  test('completes ten thousand clips at most 15 minutes later than 32 busy workers would', () => {
    const atBest = (10_000 * 30) / 32
    const outcomes = outcomesIn(SCENARIOS.tenThousand, 'ecs')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(atBest + 15 * MINUTE)
    expect(worst(outcomes, (o) => usd(o) / o.clips)).toBeLessThan(0.012)
  })

  test('leaves each machine idle for less than half an hour after the last clip', () => {
    for (const scenario of [SCENARIOS.one, SCENARIOS.hundred, SCENARIOS.tenThousand]) {
      const minutes = worst(outcomesIn(scenario, 'ecs'), (o) => o.idleMinutesAfterLast / o.peakMachines)
      expect(minutes).toBeLessThan(30)
    }
  })
})

describe('Batch, from no machines to a backlog and back', () => {
  test('has the first clip within five minutes', () => {
    expect(worst(outcomesIn(SCENARIOS.one, 'batch'), (o) => o.firstClipSeconds)).toBeLessThan(5 * MINUTE)
  })

  test('completes a hundred clips within ten minutes, for less than four dollars', () => {
    const outcomes = outcomesIn(SCENARIOS.hundred, 'batch')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(10 * MINUTE)
    expect(worst(outcomes, usd)).toBeLessThan(4)
  })

  test('leaves each machine idle for less than ten minutes after the last clip', () => {
    for (const scenario of [SCENARIOS.one, SCENARIOS.hundred, SCENARIOS.tenThousand]) {
      const minutes = worst(outcomesIn(scenario, 'batch'), (o) => o.idleMinutesAfterLast / o.peakMachines)
      expect(minutes).toBeLessThan(10)
    }
  })
})

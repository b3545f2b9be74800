import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../infra/scaling/simulation/outcome.ts'
import { PRICE_USD_PER_HOUR, SCENARIOS } from '../../../../infra/scaling/simulation/scenarios.ts'
import { outcomesIn } from './run-scenario.ts'

const MINUTE = 60
const worst = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  Math.max(...outcomes.map(of))
const usd = ({ machineHours }: Outcome): number => machineHours * PRICE_USD_PER_HOUR

describe('ECS, from nothing and back', () => {
  test('the first clip is there within eight minutes, after a night in which the queue slept', () => {
    expect(worst(outcomesIn(SCENARIOS.one, 'ecs'), (o) => o.firstClipSeconds)).toBeLessThan(8 * MINUTE)
  })

  test('a hundred clips are done within 20 minutes, for less than six dollars', () => {
    const outcomes = outcomesIn(SCENARIOS.hundred, 'ecs')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(20 * MINUTE)
    expect(worst(outcomes, usd)).toBeLessThan(6)
  })

  test('ten thousand are done in little more time than 32 workers need for them', () => {
    const atBest = (10_000 * 30) / 32
    const outcomes = outcomesIn(SCENARIOS.tenThousand, 'ecs')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(atBest + 15 * MINUTE)
    expect(worst(outcomes, (o) => usd(o) / o.clips)).toBeLessThan(0.012)
  })

  test('after the last clip each machine is idle for half an hour at most', () => {
    for (const scenario of [SCENARIOS.one, SCENARIOS.hundred, SCENARIOS.tenThousand]) {
      const minutes = worst(outcomesIn(scenario, 'ecs'), (o) => o.idleMinutesAfterLast / o.peakMachines)
      expect(minutes).toBeLessThan(30)
    }
  })
})

describe('Batch, from nothing and back', () => {
  test('the first clip is there within five minutes', () => {
    expect(worst(outcomesIn(SCENARIOS.one, 'batch'), (o) => o.firstClipSeconds)).toBeLessThan(5 * MINUTE)
  })

  test('a hundred clips are done within ten minutes, for less than four dollars', () => {
    const outcomes = outcomesIn(SCENARIOS.hundred, 'batch')
    expect(worst(outcomes, (o) => o.drainedSeconds)).toBeLessThan(10 * MINUTE)
    expect(worst(outcomes, usd)).toBeLessThan(4)
  })

  test('after the last clip each machine is idle for ten minutes at most', () => {
    for (const scenario of [SCENARIOS.one, SCENARIOS.hundred, SCENARIOS.tenThousand]) {
      const minutes = worst(outcomesIn(scenario, 'batch'), (o) => o.idleMinutesAfterLast / o.peakMachines)
      expect(minutes).toBeLessThan(10)
    }
  })
})

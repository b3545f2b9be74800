import { describe, expect, test } from 'vitest'
import { SCENARIOS, type Scenario } from '../../../../infra/scaling/simulation/scenarios.ts'
import { outcomesIn, WAYS } from './run-scenario.ts'

/** A worker that Spot took, and one that comes in its place, count as one: their machines overlap for minutes. */
const STORMS: readonly Scenario[] = [SCENARIOS.storm, SCENARIOS.longStorm]

const scenarios: readonly Scenario[] = Object.values(SCENARIOS)
const cases = scenarios.flatMap((scenario) => WAYS.map((way) => ({ scenario, way, name: scenario.name })))

describe('the machine hours that dispatch counts for the budget', () => {
  test.each(cases)(
    'are not fewer than there are, by more than some percent: $name, $way',
    ({ scenario, way }) => {
      const least = STORMS.includes(scenario) ? 0.9 : 0.93

      for (const { countedHours, machineHours } of outcomesIn(scenario, way))
        expect(countedHours / machineHours).toBeGreaterThan(least)
    },
  )

  test.each(cases)('are not twice as many as there are: $name, $way', ({ scenario, way }) => {
    for (const { countedHours, machineHours } of outcomesIn(scenario, way))
      expect(countedHours / machineHours).toBeLessThan(2)
  })
})

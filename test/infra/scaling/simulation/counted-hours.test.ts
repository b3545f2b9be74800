import { describe, expect, test } from 'vitest'
import { SCENARIOS, type Scenario } from '../../../../infra/scaling/simulation/scenarios.ts'
import { outcomesIn, WAYS } from './run-scenario.ts'

/** A worker whose instance Spot reclaimed and its replacement count as one, although their machines overlap for minutes. */
const STORMS: readonly Scenario[] = [SCENARIOS.storm, SCENARIOS.longStorm]

const scenarios: readonly Scenario[] = Object.values(SCENARIOS)
const cases = scenarios.flatMap((scenario) => WAYS.map((way) => ({ scenario, way, name: scenario.name })))

describe('the machine hours that dispatch counts for the budget', () => {
  test.each(cases)('are at least 90 or 93 percent of the actual ones: $name, $way', ({ scenario, way }) => {
    const least = STORMS.includes(scenario) ? 0.9 : 0.93

    for (const { countedHours, machineHours } of outcomesIn(scenario, way))
      expect(countedHours / machineHours).toBeGreaterThan(least)
  })

  test.each(cases)('are less than twice the actual ones: $name, $way', ({ scenario, way }) => {
    for (const { countedHours, machineHours } of outcomesIn(scenario, way))
      expect(countedHours / machineHours).toBeLessThan(2)
  })
})

import { describe, expect, test } from 'vitest'
import { outcomeOf } from '../../../../infra/scaling/simulation/outcome.ts'
import { DEPLOYED } from '../../../../infra/scaling/simulation/policy.ts'
import { runFleet } from '../../../../infra/scaling/simulation/run-fleet.ts'
import { fleetOptions, SCENARIOS, type Scenario } from '../../../../infra/scaling/simulation/scenarios.ts'
import { instanceTypeOf } from '../../../../shared/fleet/instance-types.ts'
import { outcomesIn, runScenario, WAYS } from './run-scenario.ts'

const scenarios: readonly Scenario[] = Object.values(SCENARIOS)
const cases = scenarios.flatMap((scenario) => WAYS.map((way) => ({ scenario, way, name: scenario.name })))

describe.each(cases)('the simulated fleet in the scenario $name, on $way', ({ scenario, way }) => {
  const outcomes = outcomesIn(scenario, way)

  test('completes every clip once', () => {
    for (const { clips, done, doneTwice } of outcomes)
      expect({ done, doneTwice }).toEqual({ done: clips, doneTwice: 0 })
  })

  test('does not stop a rendering worker by scale-in', () => {
    expect(outcomes.map(({ cutRenders }) => cutRenders)).toEqual(outcomes.map(() => 0))
  })

  test('loses renders only with reclaimed machines', () => {
    for (const { lostRenders, reclaims } of outcomes) expect(lostRenders).toBeLessThanOrEqual(reclaims)
  })

  test('has no more workers or machines than the maximum', () => {
    for (const { peakWorkers, peakMachines } of outcomes) {
      const most = scenario.maxWorkers ?? 32
      expect(peakWorkers).toBeLessThanOrEqual(most)
      expect(peakMachines).toBeLessThanOrEqual(most)
    }
  })

  test('has no running machine at the end', () => {
    const { machines, options, endedAt } = runScenario(scenario, way)
    expect(machines.running.size).toBe(0)
    expect(endedAt).toBeLessThan(options.horizonSeconds)
  })
})

test('other workers complete the clips whose renders a Spot storm interrupts', () => {
  for (const way of WAYS) {
    const outcomes = outcomesIn(SCENARIOS.longStorm, way)
    const sum = (of: (outcome: (typeof outcomes)[number]) => number) =>
      outcomes.reduce((total, outcome) => total + of(outcome), 0)
    expect(sum(({ reclaims }) => reclaims)).toBeGreaterThan(50)
    expect(sum(({ lostRenders }) => lostRenders)).toBeGreaterThan(0)
    expect(sum(({ redelivered }) => redelivered)).toBeGreaterThanOrEqual(
      sum(({ lostRenders }) => lostRenders),
    )
  }
})

test('machines of eight GPUs run eight workers each, and a hundred clips need two of them', () => {
  for (const way of WAYS) {
    const options = fleetOptions(SCENARIOS.hundred, { way, policy: DEPLOYED, seed: 1 })
    const run = runFleet({ ...options, instanceType: instanceTypeOf('p4d.24xlarge') })
    const { done, peakMachines, peakWorkers, usedShare } = outcomeOf(run)
    expect({ done, peakMachines }).toEqual({ done: 100, peakMachines: 2 })
    expect(peakWorkers).toBeGreaterThanOrEqual(8)
    expect(usedShare).toBeLessThan(1)
  }
})

test('the fleet simulation gives the same run for the same seed, and another run for another seed', () => {
  const [one, other] = [1, 1].map((seed) => runScenario(SCENARIOS.storm, 'ecs', { seed }).queue.doneAt)
  expect(one).toEqual(other)
  expect(runScenario(SCENARIOS.storm, 'ecs', { seed: 2 }).queue.doneAt).not.toEqual(one)
})

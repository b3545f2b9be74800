import { type Outcome, outcomeOf } from '../../../../infra/scaling/simulation/outcome.ts'
import { DEPLOYED, type Policy } from '../../../../infra/scaling/simulation/policy.ts'
import { type FleetOptions, type FleetRun, runFleet } from '../../../../infra/scaling/simulation/run-fleet.ts'
import { fleetOptions, type Scenario } from '../../../../infra/scaling/simulation/scenarios.ts'

export type Way = FleetOptions['way']
export const WAYS: readonly Way[] = ['ecs', 'batch']
export const SEEDS = [1, 2, 3, 4, 5] as const

interface Setting {
  readonly seed?: number
  readonly policy?: Policy
}

export const runScenario = (
  scenario: Scenario,
  way: Way,
  { seed = 1, policy = DEPLOYED }: Setting = {},
): FleetRun => runFleet(fleetOptions(scenario, { way, policy, seed }))

export const outcomeIn = (scenario: Scenario, way: Way, setting: Setting = {}): Outcome =>
  outcomeOf(runScenario(scenario, way, setting))

/** One outcome for each seed. */
export const outcomesIn = (scenario: Scenario, way: Way, policy: Policy = DEPLOYED): readonly Outcome[] =>
  SEEDS.map((seed) => outcomeIn(scenario, way, { seed, policy }))

import Table from 'cli-table3'
import { COMPARISONS } from './comparisons.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { DEPLOYED, type Policy } from './policy.ts'
import { type FleetOptions, runFleet } from './run-fleet.ts'
import { fleetOptions, PRICE_USD_PER_HOUR, SCENARIOS, type Scenario } from './scenarios.ts'

const SEED = 1

const run = (scenario: Scenario, way: FleetOptions['way'], policy: Policy): Outcome =>
  outcomeOf(runFleet(fleetOptions(scenario, { way, policy, seed: SEED })))

export const durationText = (seconds: number): string => {
  const minutes = Math.round(seconds / 60)
  if (seconds < 600) return `${Math.round(seconds)} s`
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}

const HEAD = [
  ...['', 'first clip', 'drained', 'wait, 95 %', 'machines', 'for nothing', 'most', 'turns'],
  ...['machine h', 'GPU in use', 'idle after', 'cut', 'reclaimed', 'again', 'USD', 'USD a clip'],
]

const cellsOf = (outcome: Outcome): readonly string[] => {
  const usd = outcome.machineHours * PRICE_USD_PER_HOUR
  return [
    ...[outcome.firstClipSeconds, outcome.drainedSeconds, outcome.p95WaitSeconds].map(durationText),
    ...[outcome.launches, outcome.launchesForNothing, outcome.peakWorkers, outcome.turns].map(String),
    outcome.machineHours.toFixed(1),
    `${Math.round(outcome.usedShare * 100)} %`,
    `${Math.round(outcome.idleMinutesAfterLast)} min`,
    ...[outcome.cutRenders, outcome.reclaims, outcome.redelivered].map(String),
    ...[usd.toFixed(2), (usd / outcome.clips).toFixed(4)],
  ]
}

const tableOf = (rows: readonly (readonly string[])[]): string => {
  const table = new Table({ head: HEAD, style: { head: [], border: [], compact: true } })
  for (const row of rows) table.push([...row])
  return table.toString()
}

const WAYS = ['ecs', 'batch'] as const

export const scenarioTable = (): string =>
  tableOf(
    Object.values(SCENARIOS).flatMap((scenario) =>
      WAYS.map((way) => [`${scenario.name}, ${way}`, ...cellsOf(run(scenario, way, DEPLOYED))]),
    ),
  )

/** Each rule, where it shows, with it and without. All on ECS. */
export const comparisonTable = (): string =>
  tableOf(
    COMPARISONS.flatMap(({ rule, scenario, without }) => [
      [`${rule}: ${scenario.name}`, ...cellsOf(run(scenario, 'ecs', DEPLOYED))],
      ['   without', ...cellsOf(run(scenario, 'ecs', without))],
    ]),
  )

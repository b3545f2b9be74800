import { expect, test } from 'vitest'
import { COMPARISONS } from '../../../../infra/scaling/simulation/comparisons.ts'
import type { Outcome } from '../../../../infra/scaling/simulation/outcome.ts'
import { outcomesIn } from './run-scenario.ts'

const mean = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length

/** Difference of the means with and without the rule of that name; positive if it is worse without. */
const worse = (rule: string, of: (outcome: Outcome) => number): number => {
  const comparison = COMPARISONS.find((one) => one.rule === rule) ?? expect.fail(`there is no ${rule}`)
  const { scenario, without } = comparison
  return mean(outcomesIn(scenario, 'ecs', without), of) - mean(outcomesIn(scenario, 'ecs'), of)
}

test('a canary after a deployment delays a hundred clips by less than two minutes, because ECS starts two machines', () => {
  const rule = 'a deployment whose workers are known to work has no canary'
  expect(worse(rule, (o) => o.drainedSeconds)).toBeLessThan(120)
})

test('a check every two minutes instead of one delays the first clip by more than half a minute', () => {
  expect(worse('dispatch looks each minute, not every other', (o) => o.firstClipSeconds)).toBeGreaterThan(30)
})

test('a warm-up shorter than the start of a machine launches more than 15 machines for nothing', () => {
  expect(worse('a warm-up of 300 s, not 60', (o) => o.launchesForNothing)).toBeGreaterThan(15)
})

test('without task protection, scale-in stops workers that render', () => {
  expect(worse('workers protect their tasks', (o) => o.cutRenders)).toBeGreaterThan(4)
})

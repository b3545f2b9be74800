import { expect, test } from 'vitest'
import { COMPARISONS } from '../../../../infra/scaling/simulation/comparisons.ts'
import type { Outcome } from '../../../../infra/scaling/simulation/outcome.ts'
import { outcomesIn } from './run-scenario.ts'

const mean = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length

/** By the rule's name: how much worse it is without. */
const worse = (rule: string, of: (outcome: Outcome) => number): number => {
  const comparison = COMPARISONS.find((one) => one.rule === rule) ?? expect.fail(`there is no ${rule}`)
  const { scenario, without } = comparison
  return mean(outcomesIn(scenario, 'ecs', without), of) - mean(outcomesIn(scenario, 'ecs'), of)
}

test("ingest's own JobsQueued brings the first clip after a night minutes sooner", () => {
  expect(worse('WAKE also looks at JobsQueued', (o) => o.firstClipSeconds)).toBeGreaterThan(240)
})

test('to ask whether anybody works keeps clips from waiting until idle machines are gone', () => {
  const rule = 'WAKE asks whether anybody works, not for instances'
  expect(worse(rule, (o) => o.p95WaitSeconds)).toBeGreaterThan(500)
})

test('to order half of what is needed at once drains a hundred clips minutes sooner', () => {
  expect(worse('WAKE orders half of what is needed', (o) => o.drainedSeconds)).toBeGreaterThan(180)
})

test('to hold while machines are coming keeps a fleet from being ordered several times over', () => {
  const rule = 'TRACK holds while machines are coming'
  expect(worse(rule, (o) => o.launchesForNothing)).toBeGreaterThan(30)
  expect(worse(rule, (o) => o.machineHours)).toBeGreaterThan(20)
})

test('to keep workers with a clip in hand keeps a fleet that keeps up from being cut and grown again', () => {
  const rule = 'TRACK keeps workers with a clip in hand'
  expect(worse(rule, (o) => o.turns)).toBeGreaterThan(5)
  expect(worse(rule, (o) => o.launches)).toBeGreaterThan(10)
})

test('a warm-up shorter than a machine takes to join orders machines twice', () => {
  expect(worse('a warm-up of 300 s, not 60', (o) => o.launchesForNothing)).toBeGreaterThan(15)
})

test('without task protection, scale-in tells rendering workers to go', () => {
  expect(worse('workers protect their tasks', (o) => o.cutRenders)).toBeGreaterThan(4)
})

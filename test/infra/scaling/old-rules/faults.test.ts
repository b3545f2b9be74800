import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { SCENARIOS } from '../../../../infra/scaling/simulation/scenarios.ts'
import { notEmpty } from '../../../fixtures/not-empty.ts'
import { inRepository } from '../../../worker/image/in-repository.ts'
import {
  compareDeployments,
  compareFailedStarts,
  compareLateMetrics,
  compareMissingAsZero,
  compareSpend,
} from './fault-runs.ts'
import { readFaultRows } from './fault-table.ts'
import { DEPLOYMENT_WORKERS } from './rolling-deployment.ts'

describe('metrics that arrive a minute late', () => {
  test.each([
    ['1 in all', SCENARIOS.one, 1],
    ['100 at once', SCENARIOS.hundred, 100],
    ['144 over a day', SCENARIOS.trickle, 144],
  ])('keep the old alarms from ever starting an ECS worker for clips: %s', (_, scenario, clips) => {
    const { before, now } = compareLateMetrics(scenario)

    expect([before.clips, before.done, before.launches]).toEqual([clips, 0, 0])
    expect([now.clips, now.done]).toEqual([clips, clips])
    expect(now.firstClipSeconds).toBeLessThan(8 * 60)
  })

  test('slow down the old rules even if FILL waits, because arithmetic reads missing values as 0', () => {
    const { before, now } = compareMissingAsZero(SCENARIOS.hundred)
    const drained = before.map(({ drainedSeconds }) => drainedSeconds)

    expect(before.map(({ done }) => done)).toEqual(before.map(() => 100))
    expect(Math.max(...drained)).toBe(3442)
    expect(drained.filter((seconds) => seconds > 1900).length).toBe(3)
    for (const { drainedSeconds } of notEmpty(now)) expect(drainedSeconds).toBeLessThan(15 * 60)
  })
})

test('workers that cannot start are started 4 times a minute by the old rule, under 32 times a day by the new', () => {
  const { before, now } = compareFailedStarts()

  expect(before.inNineMinutes).toBeGreaterThanOrEqual(36)
  expect(before.inFirstDay).toBeGreaterThan(5_000)
  // Four machines, day and night.
  expect(before.machineHours).toBeGreaterThan(0.95 * 4 * 24)
  expect(now.inNineMinutes).toBeLessThanOrEqual(4)
  expect(now.inFirstDay).toBeLessThan(32)
  expect(now.machineHours).toBeLessThan(6)
})

describe('a deployment during a backlog', () => {
  test('takes 40 minutes or more and interrupts clips by the old rule if ECS refuses renewals; by the new, nine minutes', async () => {
    const { before, now } = await compareDeployments('refused')

    expect(before.minutes).toBeGreaterThan(40)
    expect(before.minutes).toBeLessThanOrEqual(60)
    expect(before.cutClips).toBeGreaterThan(DEPLOYMENT_WORKERS / 5)
    // Five minutes until the next renewal, and a clip.
    expect(now.minutes).toBeLessThan(5 + 4)
    expect(now.cutClips).toBe(0)
  })

  test("does not end by the old rule if ECS renews protection, but ends within a worker's life by the new", async () => {
    const { before, now } = await compareDeployments('granted')

    expect(before).toEqual({ minutes: null, cutClips: 0 })
    expect(now.minutes).toBeLessThan(2 * 60 + 4)
    expect(now.cutClips).toBe(0)
  })
})

describe.each(['batch', 'ecs'] as const)('the cost of a day of 10,000 clips on %s', (way) => {
  test('is unlimited by the old rules; with a budget, it exceeds that by two checks and a clip at most', () => {
    const { before, now } = compareSpend(way, 'backlog')
    const beyond = (32 * (2 * 60 + 36)) / 3600

    expect(before).toBeGreaterThan(80)
    expect(now).toBeLessThan(20 + beyond)
  })

  test('is unlimited by the old rules, but within the budget by the new, when all workers fail', () => {
    const { before, now } = compareSpend(way, 'failing')

    expect(before).toBeGreaterThan(0.9 * 32 * 24)
    expect(now).toBeLessThanOrEqual(3)
  })
})

test('infra/README.md shows the figures of the comparison with the old rules', async () => {
  const guide = await readFile(inRepository('infra/README.md'), 'utf8')
  const shown = guide.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))

  for (const row of notEmpty(await readFaultRows())) expect(shown).toContain(`| ${row.join(' | ')} |`)
})

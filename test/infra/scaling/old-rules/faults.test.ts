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

describe('metrics that come a minute late', () => {
  test.each([
    ['one', SCENARIOS.one, 1],
    ['a hundred', SCENARIOS.hundred, 100],
    ['144 over a day', SCENARIOS.trickle, 144],
  ])('keep the old alarms from ever starting a worker of ECS: %s', (_, scenario, clips) => {
    const { before, now } = compareLateMetrics(scenario)

    expect([before.clips, before.done, before.launches]).toEqual([clips, 0, 0])
    expect([now.clips, now.done]).toEqual([clips, clips])
    expect(now.firstClipSeconds).toBeLessThan(8 * 60)
  })

  test('slow the old rules down even if FILL waits for them, because arithmetic takes missing ones for 0', () => {
    const { before, now } = compareMissingAsZero(SCENARIOS.hundred)
    const drained = before.map(({ drainedSeconds }) => drainedSeconds)

    expect(before.map(({ done }) => done)).toEqual(before.map(() => 100))
    expect(Math.max(...drained)).toBe(3442)
    expect(drained.filter((seconds) => seconds > 1900).length).toBe(3)
    for (const { drainedSeconds } of notEmpty(now)) expect(drainedSeconds).toBeLessThan(15 * 60)
  })
})

test('workers that cannot start are started 4 times a minute by the old rule, and some 30 times a day by the new', () => {
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
  test('waits up to an hour for protected tasks and cuts clips by the old rule; the new one drains them in minutes', async () => {
    const { before, now } = await compareDeployments('refused')

    expect(before.minutes).toBeGreaterThan(40)
    expect(before.minutes).toBeLessThanOrEqual(60)
    expect(before.cutClips).toBeGreaterThan(DEPLOYMENT_WORKERS / 5)
    // Five minutes until the next renewal, and a clip.
    expect(now.minutes).toBeLessThan(5 + 4)
    expect(now.cutClips).toBe(0)
  })

  test('never ends by the old rule if ECS renews protection; by the new one within the life of a worker', async () => {
    const { before, now } = await compareDeployments('granted')

    expect(before).toEqual({ minutes: null, cutClips: 0 })
    expect(now.minutes).toBeLessThan(2 * 60 + 4)
    expect(now.cutClips).toBe(0)
  })
})

describe.each(['batch', 'ecs'] as const)('what a day of 10,000 clips may cost, %s', (way) => {
  test('has no limit by the old rules; with one, two looks and a clip go beyond it', () => {
    const { before, now } = compareSpend(way, 'backlog')
    const beyond = (32 * (2 * 60 + 36)) / 3600

    expect(before).toBeGreaterThan(80)
    expect(now).toBeLessThan(20 + beyond)
  })

  test('has no limit either where all workers fail', () => {
    const { before, now } = compareSpend(way, 'failing')

    expect(before).toBeGreaterThan(0.9 * 32 * 24)
    expect(now).toBeLessThanOrEqual(3)
  })
})

test('the guide shows these figures', async () => {
  const guide = await readFile(inRepository('infra/README.md'), 'utf8')
  const shown = guide.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))

  for (const row of notEmpty(await readFaultRows())) expect(shown).toContain(`| ${row.join(' | ')} |`)
})

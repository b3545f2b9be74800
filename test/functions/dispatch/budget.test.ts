import { describe, expect, test } from 'vitest'
import type { DispatchLogEvent } from '../../../functions/dispatch/dispatch-deps.ts'
import { LINGER_SECONDS, PAID_RUN_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { DISPATCH_PAUSE_KEY, DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

/** The tests' clock starts at 03:04:05 UTC. */
const UNTIL_MIDNIGHT_MINUTES = 21 * 60 - 4
const PRICE = { batch: 2, ecs: 1 }

const usdOf = (event: DispatchLogEvent | undefined): number =>
  event?.type === 'dispatched' ? event.usdToday : Number.NaN

/** Minute by minute; what workers do is done by `work`. */
const run = async (setup: ReturnType<typeof dispatchSetup>, minutes: number, work: () => Promise<void>) => {
  const most = { batch: 0, ecs: 0 }
  for (let minute = 0; minute < minutes; minute++) {
    await setup.dispatch()
    most.batch = Math.max(most.batch, setup.batch.active().length)
    most.ecs = Math.max(most.ecs, setup.ecs.desired())
    setup.wait(MINUTE_MS)
    await work()
  }
  return most
}

const figures = { maxWorkers: 30, maxUsdPerDay: 20, usdPerMachineHour: PRICE }

describe.each([
  { compute: 'batch', fleet: 'batch', usdPerHour: PRICE.batch },
  { compute: 'ec2', fleet: 'ecs', usdPerHour: PRICE.ecs },
] as const)('a backlog of 10,000, $compute', ({ compute, fleet, usdPerHour }) => {
  const aBusySetup = () => {
    const setup = dispatchSetup({ backlog: { visible: 9_910, inFlight: 90, delayed: 0 }, compute, figures })
    /** Workers end when they are told to pause, as worker/queue/pause-watch.ts does, and work else. */
    const work = async (): Promise<void> => {
      const pause = (await storedJson(setup.output, DISPATCH_PAUSE_KEY)) as { until: string } | null
      const isPaused = pause !== null && Date.parse(pause.until) > setup.now()
      for (const { jobId } of setup.batch.active())
        setup.batch.move(jobId, isPaused ? 'SUCCEEDED' : 'RUNNING')
      setup.ecs.run(isPaused ? 0 : setup.ecs.desired())
    }
    return { setup, work }
  }

  test('costs the budget, idle time of its machines included, and two minutes of them beyond it at most', async () => {
    const { setup, work } = aBusySetup()
    await run(setup, UNTIL_MIDNIGHT_MINUTES, work)

    expect(usdOf(setup.last())).toBeGreaterThan(19)
    expect(usdOf(setup.last())).toBeLessThan(20 + 30 * usdPerHour * (2 / 60))
    expect(setup.last()).toMatchObject({
      ...{ waits: { [fleet]: 'budget' }, started: 0, cannotStart: false, isPaused: true },
    })
    expect(setup.batch.active()).toEqual([])
    expect(setup.ecs.desired()).toBe(0)
  })

  test('goes on at once on the next UTC day, with as many workers as it pays for half an hour', async () => {
    const { setup, work } = aBusySetup()
    await run(setup, UNTIL_MIDNIGHT_MINUTES, work)

    const { [fleet]: most } = await run(setup, 3, work)

    const usdOfMachine = (usdPerHour * (PAID_RUN_SECONDS + LINGER_SECONDS[fleet])) / 3600
    expect(most).toBeLessThanOrEqual(Math.floor(20 / usdOfMachine))
    expect(most).toBeGreaterThan(10)
    expect(setup.last()).toMatchObject({ waits: { [fleet]: null }, isPaused: false })
    expect(usdOf(setup.last())).toBeLessThan(5)
  })

  test('has its workers told once until when, and why', async () => {
    const { setup, work } = aBusySetup()
    await run(setup, UNTIL_MIDNIGHT_MINUTES, work)

    expect(await storedJson(setup.output, DISPATCH_PAUSE_KEY)).toEqual({
      version: 1,
      until: '2026-01-03T00:00:00.000Z',
      reason: 'the budget of 20 USD for 2026-01-02 is reached',
    })
    expect(setup.output.writes.filter(({ key }) => key === DISPATCH_PAUSE_KEY).length).toBe(1)
  })

  test('goes on within a minute when the budget is raised', async () => {
    const { setup, work } = aBusySetup()
    await run(setup, 10 * 60, work)
    const raised = { ...setup.deps, figures: { ...setup.deps.figures, maxUsdPerDay: 1000 } }

    await setup.dispatchAs(raised)

    const pause = (await storedJson(setup.output, DISPATCH_PAUSE_KEY)) as { until: string }
    expect(Date.parse(pause.until)).toBeLessThanOrEqual(setup.now())
    expect(setup.last()).toMatchObject({ waits: { [fleet]: null } })
  })
})

describe.each(['batch', 'ec2'] as const)('workers that never start, %s', (compute) => {
  test('cost the budget at most', async () => {
    const small = { ...figures, maxUsdPerDay: 3 }
    const setup = dispatchSetup({ backlog: 10_000, compute, figures: small, proven: false })
    await run(setup, UNTIL_MIDNIGHT_MINUTES, async () => {
      for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'FAILED')
      setup.ecs.run(setup.ecs.desired())
    })

    expect(usdOf(setup.last())).toBeGreaterThan(1.5)
    expect(usdOf(setup.last())).toBeLessThan(3)
    expect(setup.last()).toMatchObject({
      started: 0,
      waits: { [compute === 'ec2' ? 'ecs' : 'batch']: 'budget' },
    })
  })
})

test('a fleet that the budget pays no more machines for keeps those that it has', async () => {
  const setup = dispatchSetup({
    backlog: { visible: 9_000, inFlight: 5, delayed: 0 },
    compute: 'ec2',
    figures,
  })
  await run(setup, 5, async () => setup.ecs.run(5))

  const [first] = setup.ecs.set
  expect(first).toBeGreaterThan(20)
  expect(setup.ecs.set).toEqual([first])
})

test('a budget that pays for no machine starts none, and says why', async () => {
  const setup = dispatchSetup({ backlog: 100, figures: { ...figures, maxUsdPerDay: 0.5 } })

  await setup.dispatch()

  expect(setup.last()).toMatchObject({ started: 0, waits: { batch: 'budget' }, isPaused: true })
})

test('without a limit no worker is told anything, whatever it costs', async () => {
  const setup = dispatchSetup({
    backlog: { visible: 990, inFlight: 10, delayed: 0 },
    figures: { ...figures, maxUsdPerDay: null },
  })
  await run(setup, 600, async () => {
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'RUNNING')
  })

  expect(usdOf(setup.last())).toBeGreaterThan(500)
  expect(setup.output.keys()).not.toContain(DISPATCH_PAUSE_KEY)
  expect(setup.batch.active().length).toBe(30)
})

describe('a pause that dispatch has forgotten', () => {
  test('is taken back when its state was deleted, or workers would start only to end', async () => {
    const setup = dispatchSetup({
      backlog: { visible: 990, inFlight: 10, delayed: 0 },
      figures: { ...figures, maxUsdPerDay: 3 },
    })
    await run(setup, 60, async () => {
      for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'RUNNING')
    })
    expect(setup.last()).toMatchObject({ isPaused: true })
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'SUCCEEDED')
    await setup.output.delete(DISPATCH_STATE_KEY, unaborted)

    await setup.dispatch()

    const pause = (await storedJson(setup.output, DISPATCH_PAUSE_KEY)) as { until: string }
    expect(setup.last()).toMatchObject({ isPaused: false })
    expect(Date.parse(pause.until)).toBeLessThanOrEqual(setup.now())
  })
})

test('a job that starts and ends because of the pause, beside one that has no machine, has not failed', async () => {
  const setup = dispatchSetup({
    backlog: { visible: 990, inFlight: 0, delayed: 0 },
    figures: { ...figures, maxUsdPerDay: 4 },
  })
  await setup.dispatch()
  // Three jobs that Batch has taken before the limit was lowered.
  const poor = { ...setup.deps, figures: { ...setup.deps.figures, maxUsdPerDay: 0.01 } }
  const [first] = setup.batch.active()
  expect(setup.batch.active().length).toBe(3)
  for (let minute = 0; minute < 20; minute++) {
    setup.wait(MINUTE_MS)
    if (minute === 2 && first !== undefined) setup.batch.move(first.jobId, 'RUNNING')
    await setup.dispatchAs(poor)
  }

  expect(setup.last()).toMatchObject({ isPaused: true, cannotStart: false, failures: [] })
  expect((await setup.stored()).batch).toMatchObject({ failures: 0, proven: true })
})

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

/** Runs dispatch minute by minute; `work` does what the workers do. */
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
] as const)(
  'a backlog of 10,000 with compute $compute and a daily budget',
  ({ compute, fleet, usdPerHour }) => {
    const aBusySetup = () => {
      const setup = dispatchSetup({ backlog: { visible: 9_910, inFlight: 90, delayed: 0 }, compute, figures })
      /** Workers end while the pause record holds, as worker/queue/pause-watch.ts does, and work otherwise. */
      const work = async (): Promise<void> => {
        const pause = (await storedJson(setup.output, DISPATCH_PAUSE_KEY)) as { until: string } | null
        const isPaused = pause !== null && Date.parse(pause.until) > setup.now()
        for (const { jobId } of setup.batch.active())
          setup.batch.move(jobId, isPaused ? 'SUCCEEDED' : 'RUNNING')
        setup.ecs.run(isPaused ? 0 : setup.ecs.desired())
      }
      return { setup, work }
    }

    test('costs at most the budget, idle machines included, plus two minutes of all machines', async () => {
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

    test('gets workers again at once on the next UTC day, as many as the budget pays for half an hour', async () => {
      const { setup, work } = aBusySetup()
      await run(setup, UNTIL_MIDNIGHT_MINUTES, work)

      const { [fleet]: most } = await run(setup, 3, work)

      const usdOfMachine = (usdPerHour * (PAID_RUN_SECONDS + LINGER_SECONDS[fleet])) / 3600
      expect(most).toBeLessThanOrEqual(Math.floor(20 / usdOfMachine))
      expect(most).toBeGreaterThan(10)
      expect(setup.last()).toMatchObject({ waits: { [fleet]: null }, isPaused: false })
      expect(usdOf(setup.last())).toBeLessThan(5)
    })

    test('has one pause record, with its end and its reason', async () => {
      const { setup, work } = aBusySetup()
      await run(setup, UNTIL_MIDNIGHT_MINUTES, work)

      expect(await storedJson(setup.output, DISPATCH_PAUSE_KEY)).toEqual({
        version: 1,
        until: '2026-01-03T00:00:00.000Z',
        reason: 'the budget of 20 USD for 2026-01-02 is reached',
      })
      expect(setup.output.writes.filter(({ key }) => key === DISPATCH_PAUSE_KEY).length).toBe(1)
    })

    test('is worked on again within a minute when the budget is raised', async () => {
      const { setup, work } = aBusySetup()
      await run(setup, 10 * 60, work)
      const raised = { ...setup.deps, figures: { ...setup.deps.figures, maxUsdPerDay: 1000 } }

      await setup.dispatchAs(raised)

      const pause = (await storedJson(setup.output, DISPATCH_PAUSE_KEY)) as { until: string }
      expect(Date.parse(pause.until)).toBeLessThanOrEqual(setup.now())
      expect(setup.last()).toMatchObject({ waits: { [fleet]: null } })
    })
  },
)

describe.each(['batch', 'ec2'] as const)('workers of compute %s that never start', (compute) => {
  test('cost at most the budget', async () => {
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

test('a fleet for which the budget pays no more machines keeps the machines that it has', async () => {
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

test('dispatch starts no worker and reports the budget as reason when it pays for no machine', async () => {
  const setup = dispatchSetup({ backlog: 100, figures: { ...figures, maxUsdPerDay: 0.5 } })

  await setup.dispatch()

  expect(setup.last()).toMatchObject({ started: 0, waits: { batch: 'budget' }, isPaused: true })
})

test('dispatch writes no pause record without a budget, however much the workers cost', async () => {
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

describe('a pause record whose dispatch state was deleted', () => {
  test('is ended by dispatch, because new workers would otherwise shut down at once', async () => {
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

test('a Batch job that starts and ends because of the pause does not count as a failed start', async () => {
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

import { describe, expect, test } from 'vitest'
import type { DispatchEvent } from '../../../functions/dispatch/dispatch-world.ts'
import { LINGER_SECONDS, PAID_RUN_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { DISPATCH_PAUSE_KEY, DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld, MINUTE_MS } from './a-world.ts'

/** The tests' clock starts at 03:04:05 UTC. */
const UNTIL_MIDNIGHT_MINUTES = 21 * 60 - 4
const PRICE = { batch: 2, ecs: 1 }

const usdOf = (event: DispatchEvent | undefined): number =>
  event?.type === 'dispatched' ? event.usdToday : Number.NaN

/** Minute by minute; what workers do is done by `work`. */
const run = async (world: ReturnType<typeof aWorld>, minutes: number, work: () => Promise<void>) => {
  const most = { batch: 0, ecs: 0 }
  for (let minute = 0; minute < minutes; minute++) {
    await world.dispatch()
    most.batch = Math.max(most.batch, world.batch.active().length)
    most.ecs = Math.max(most.ecs, world.ecs.desired())
    world.wait(MINUTE_MS)
    await work()
  }
  return most
}

const figures = { maxWorkers: 30, maxUsdPerDay: 20, usdPerMachineHour: PRICE }

describe.each([
  { compute: 'batch', fleet: 'batch', usdPerHour: PRICE.batch },
  { compute: 'ec2', fleet: 'ecs', usdPerHour: PRICE.ecs },
] as const)('a backlog of 10,000, $compute', ({ compute, fleet, usdPerHour }) => {
  const aBusyWorld = () => {
    const world = aWorld({ backlog: { visible: 9_910, inFlight: 90, delayed: 0 }, compute, figures })
    /** Workers end when they are told to pause, as worker/queue/pause-watch.ts does, and work else. */
    const work = async (): Promise<void> => {
      const pause = (await storedJson(world.output, DISPATCH_PAUSE_KEY)) as { until: string } | null
      const isPaused = pause !== null && Date.parse(pause.until) > world.now()
      for (const { jobId } of world.batch.active())
        world.batch.move(jobId, isPaused ? 'SUCCEEDED' : 'RUNNING')
      world.ecs.run(isPaused ? 0 : world.ecs.desired())
    }
    return { world, work }
  }

  test('costs the budget, idle time of its machines included, and two minutes of them beyond it at most', async () => {
    const { world, work } = aBusyWorld()
    await run(world, UNTIL_MIDNIGHT_MINUTES, work)

    expect(usdOf(world.last())).toBeGreaterThan(19)
    expect(usdOf(world.last())).toBeLessThan(20 + 30 * usdPerHour * (2 / 60))
    expect(world.last()).toMatchObject({
      ...{ waits: { [fleet]: 'budget' }, started: 0, cannotStart: false, isPaused: true },
    })
    expect(world.batch.active()).toEqual([])
    expect(world.ecs.desired()).toBe(0)
  })

  test('goes on at once on the next UTC day, with as many workers as it pays for half an hour', async () => {
    const { world, work } = aBusyWorld()
    await run(world, UNTIL_MIDNIGHT_MINUTES, work)

    const { [fleet]: most } = await run(world, 3, work)

    const usdOfMachine = (usdPerHour * (PAID_RUN_SECONDS + LINGER_SECONDS[fleet])) / 3600
    expect(most).toBeLessThanOrEqual(Math.floor(20 / usdOfMachine))
    expect(most).toBeGreaterThan(10)
    expect(world.last()).toMatchObject({ waits: { [fleet]: null }, isPaused: false })
    expect(usdOf(world.last())).toBeLessThan(5)
  })

  test('has its workers told once until when, and why', async () => {
    const { world, work } = aBusyWorld()
    await run(world, UNTIL_MIDNIGHT_MINUTES, work)

    expect(await storedJson(world.output, DISPATCH_PAUSE_KEY)).toEqual({
      version: 1,
      until: '2026-01-03T00:00:00.000Z',
      reason: 'the budget of 20 USD for 2026-01-02 is reached',
    })
    expect(world.output.writes.filter(({ key }) => key === DISPATCH_PAUSE_KEY).length).toBe(1)
  })

  test('goes on within a minute when the budget is raised', async () => {
    const { world, work } = aBusyWorld()
    await run(world, 10 * 60, work)
    const raised = { ...world.world, figures: { ...world.world.figures, maxUsdPerDay: 1000 } }

    await world.dispatchAs(raised)

    const pause = (await storedJson(world.output, DISPATCH_PAUSE_KEY)) as { until: string }
    expect(Date.parse(pause.until)).toBeLessThanOrEqual(world.now())
    expect(world.last()).toMatchObject({ waits: { [fleet]: null } })
  })
})

describe.each(['batch', 'ec2'] as const)('workers that never start, %s', (compute) => {
  test('cost the budget at most', async () => {
    const small = { ...figures, maxUsdPerDay: 3 }
    const world = aWorld({ backlog: 10_000, compute, figures: small, proven: false })
    await run(world, UNTIL_MIDNIGHT_MINUTES, async () => {
      for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'FAILED')
      world.ecs.run(world.ecs.desired())
    })

    expect(usdOf(world.last())).toBeGreaterThan(1.5)
    expect(usdOf(world.last())).toBeLessThan(3)
    expect(world.last()).toMatchObject({
      started: 0,
      waits: { [compute === 'ec2' ? 'ecs' : 'batch']: 'budget' },
    })
  })
})

test('a fleet that the budget pays no more machines for keeps those that it has', async () => {
  const world = aWorld({ backlog: { visible: 9_000, inFlight: 5, delayed: 0 }, compute: 'ec2', figures })
  await run(world, 5, async () => world.ecs.run(5))

  const [first] = world.ecs.set
  expect(first).toBeGreaterThan(20)
  expect(world.ecs.set).toEqual([first])
})

test('a budget that pays for no machine starts none, and says why', async () => {
  const world = aWorld({ backlog: 100, figures: { ...figures, maxUsdPerDay: 0.5 } })

  await world.dispatch()

  expect(world.last()).toMatchObject({ started: 0, waits: { batch: 'budget' }, isPaused: true })
})

test('without a limit no worker is told anything, whatever it costs', async () => {
  const world = aWorld({
    backlog: { visible: 990, inFlight: 10, delayed: 0 },
    figures: { ...figures, maxUsdPerDay: null },
  })
  await run(world, 600, async () => {
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'RUNNING')
  })

  expect(usdOf(world.last())).toBeGreaterThan(500)
  expect(world.output.keys()).not.toContain(DISPATCH_PAUSE_KEY)
  expect(world.batch.active().length).toBe(30)
})

describe('a pause that dispatch has forgotten', () => {
  test('is taken back when its state was deleted, or workers would start only to end', async () => {
    const world = aWorld({
      backlog: { visible: 990, inFlight: 10, delayed: 0 },
      figures: { ...figures, maxUsdPerDay: 3 },
    })
    await run(world, 60, async () => {
      for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'RUNNING')
    })
    expect(world.last()).toMatchObject({ isPaused: true })
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'SUCCEEDED')
    await world.output.delete(DISPATCH_STATE_KEY, unaborted)

    await world.dispatch()

    const pause = (await storedJson(world.output, DISPATCH_PAUSE_KEY)) as { until: string }
    expect(world.last()).toMatchObject({ isPaused: false })
    expect(Date.parse(pause.until)).toBeLessThanOrEqual(world.now())
  })
})

test('a job that starts and ends because of the pause, beside one that has no machine, has not failed', async () => {
  const world = aWorld({
    backlog: { visible: 990, inFlight: 0, delayed: 0 },
    figures: { ...figures, maxUsdPerDay: 4 },
  })
  await world.dispatch()
  // Three jobs that Batch has taken before the limit was lowered.
  const poor = { ...world.world, figures: { ...world.world.figures, maxUsdPerDay: 0.01 } }
  const [first] = world.batch.active()
  expect(world.batch.active().length).toBe(3)
  for (let minute = 0; minute < 20; minute++) {
    world.wait(MINUTE_MS)
    if (minute === 2 && first !== undefined) world.batch.move(first.jobId, 'RUNNING')
    await world.dispatchAs(poor)
  }

  expect(world.last()).toMatchObject({ isPaused: true, cannotStart: false, failures: [] })
  expect((await world.stored()).batch).toMatchObject({ failures: 0, proven: true })
})

import { describe, expect, test } from 'vitest'
import { START_LIMIT_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { aWorld, MINUTE_MS } from './a-world.ts'

const DAY_MINUTES = 24 * 60

describe('workers of Batch that cannot start', () => {
  /** As on the documented way before: the worker ends at once, whatever the reason. */
  const aDay = async (world: ReturnType<typeof aWorld>, minutes = DAY_MINUTES) => {
    for (let minute = 0; minute < minutes; minute++) {
      await world.dispatch()
      world.wait(MINUTE_MS)
      for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'FAILED')
    }
  }

  test('are started thirty times a day, and not every minute', async () => {
    const world = aWorld({ backlog: 10_000 })

    await aDay(world)

    // The first minute starts all: until then they worked. Then one after 1, 2, 4, 8, 16, 32, 60, 60 … minutes.
    const [first, ...others] = world.told.flatMap((event) =>
      event.type === 'dispatched' && event.started > 0 ? [event.started] : [],
    )
    expect(first).toBe(50)
    expect(others).toEqual(Array(others.length).fill(1))
    expect(others.length).toBeLessThan(30)
  })

  test('are told as one state, with the words of Batch', async () => {
    const world = aWorld({ backlog: 10_000, proven: false })

    await aDay(world, 10)

    expect(world.last()).toMatchObject({
      ...{ waits: { batch: 'back-off', ecs: null }, cannotStart: true, started: 0 },
      failures: ['Essential container in task exited; exit code 1'],
    })
    expect(world.told.slice(1).every((event) => event.type === 'dispatched' && event.cannotStart)).toBe(true)
  })

  test('are tried within a minute when another deployment is there', async () => {
    const world = aWorld({ backlog: 10_000 })
    await aDay(world, 40)
    expect(world.last()).toMatchObject({ started: 0, waits: { batch: 'back-off' } })
    const changed = { ...world.world, figures: { ...world.world.figures, batchRevision: 'worker:2' } }

    await world.dispatchAs(changed)

    expect(world.last()).toMatchObject({ started: 1, waits: { batch: 'canary' } })
  })

  test('are no reason that is told any more when one works, though they still count', async () => {
    const world = aWorld({ backlog: 1_000, proven: false, figures: { maxWorkers: 4 } })
    await aDay(world, 1)
    for (let minute = 0; minute < 3; minute++) {
      await world.dispatch()
      world.wait(MINUTE_MS)
    }
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'RUNNING')
    world.state.backlog = { visible: 999, inFlight: 1, delayed: 0 }
    const poor = { ...world.world, figures: { ...world.world.figures, maxUsdPerDay: 0.01 } }

    await world.dispatchAs(poor)

    expect(world.last()).toMatchObject({ waits: { batch: 'budget' }, failures: [], cannotStart: false })
    expect((await world.stored()).batch).toMatchObject({ failures: 1, proven: true })
  })

  test('of an earlier deployment are no failed starts of the one that replaces them', async () => {
    const world = aWorld({ backlog: 10_000, figures: { maxWorkers: 4 } })
    await world.dispatch()
    const [first, second, third] = world.batch.active()
    const changed = { ...world.world, figures: { ...world.world.figures, batchRevision: 'worker:2' } }
    for (const job of [first, second, third]) {
      world.batch.move(job!.jobId, 'FAILED')
      world.wait(MINUTE_MS)
      await world.dispatchAs(changed)
    }

    expect(world.last()).toMatchObject({ waits: { batch: 'canary' }, cannotStart: false, failures: [] })
    expect((await world.stored()).batch).toMatchObject({ failures: 0, asked: 2 })
  })

  test('whose machines Spot has taken have not failed', async () => {
    const world = aWorld({ backlog: 20 })
    await world.dispatch()
    for (const { jobId } of world.batch.active()) world.batch.reclaim(jobId)
    world.wait(MINUTE_MS)

    await world.dispatch()

    expect(world.last()).toMatchObject({ started: 2, failures: [] })
  })
})

describe('the model', () => {
  test('that is not there is waited for: no worker is started, for ten days', async () => {
    const world = aWorld({ backlog: 100, pushed: false, proven: false })

    for (let hour = 0; hour < 240; hour++) {
      await world.dispatch()
      world.wait(60 * MINUTE_MS)
    }

    expect(world.batch.all()).toEqual([])
    expect(world.last()).toMatchObject({ waits: { batch: 'model' }, cannotStart: true })
  })

  test('that appears gets a worker in that minute, and all when this has taken a message', async () => {
    const world = aWorld({ backlog: 100, pushed: false, proven: false })
    await world.dispatch()
    await world.push()
    world.wait(MINUTE_MS)

    await world.dispatch()
    expect(world.last()).toMatchObject({ started: 1, waits: { batch: 'canary' } })
    world.wait(MINUTE_MS)
    await world.dispatch()
    expect(world.last()).toMatchObject({ active: 1, started: 0, waits: { batch: 'canary' } })
    world.batch.move('job-1', 'RUNNING')
    world.state.backlog = { visible: 98, inFlight: 2, delayed: 0 }
    world.wait(MINUTE_MS)
    await world.dispatch()

    expect(world.last()).toMatchObject({ active: 1, started: 9, waits: { batch: null }, cannotStart: false })
  })

  test('is not asked for while nothing waits', async () => {
    const world = aWorld({ pushed: false })
    const asked: string[] = []
    const models = {
      async head(key: string) {
        asked.push(key)
        return null
      },
    }

    await world.dispatchAs({ ...world.world, models })

    expect(asked).toEqual([])
    expect(world.last()).toMatchObject({ waits: { batch: null }, cannotStart: false })
  })
})

describe('a worker of ECS that cannot start', () => {
  test('is ended after as long as a start may take, and tried again after a minute, two, four …', async () => {
    const world = aWorld({ backlog: 100, compute: 'ec2', proven: false })
    const desired: number[] = []
    for (let minute = 0; minute < 60; minute++) {
      await world.dispatch()
      world.ecs.run(world.ecs.desired())
      world.wait(MINUTE_MS)
      desired.push(world.ecs.desired())
    }

    const limit = START_LIMIT_SECONDS / 60
    // Asked for in one minute, and seen as asked for in the next.
    const tried = Array(limit + 1).fill(1)
    expect(desired).toEqual([...tried, 0, ...tried, 0, 0, ...tried, 0, 0, 0, 0, ...tried].slice(0, 60))
  })

  test('and has no machine is asked for on and on', async () => {
    const world = aWorld({ backlog: 100, compute: 'ec2', proven: false })
    for (let minute = 0; minute < 60; minute++) {
      await world.dispatch()
      world.wait(MINUTE_MS)
    }

    expect(world.ecs.set).toEqual([1])
    expect(world.last()).toMatchObject({ waits: { ecs: 'machine' }, cannotStart: true, failures: [] })
  })
})

describe('a deployment of ECS during a backlog', () => {
  test('whose canary has no place yet, because older workers are busy, has not failed to get a machine', async () => {
    const world = aWorld({
      ...{ backlog: { visible: 400, inFlight: 12, delayed: 0 }, compute: 'ec2' },
      figures: { maxWorkers: 4 },
    })
    await world.dispatch()
    world.ecs.run(4)
    world.wait(MINUTE_MS)
    await world.dispatch()
    world.ecs.deploy()

    for (let minute = 0; minute < 90; minute++) {
      world.wait(MINUTE_MS)
      await world.dispatch()
      expect(world.last()).toMatchObject({ waits: { ecs: 'canary' }, cannotStart: false, desired: 4 })
    }
  })
})

describe('workers that die after they have taken a message', () => {
  /** Each worker takes one message, dies within two minutes, and leaves the message to its lease. */
  const aDay = async (world: ReturnType<typeof aWorld>) => {
    let started = 0
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      await world.dispatch()
      const event = world.last()
      started += event?.type === 'dispatched' ? event.started : 0
      world.wait(MINUTE_MS)
      const active = world.batch.active()
      for (const { jobId, status } of active)
        world.batch.move(jobId, status === 'RUNNING' ? 'FAILED' : 'RUNNING')
      const running = world.batch.active().filter(({ status }) => status === 'RUNNING').length
      world.state.backlog = { visible: 1_000 - running, inFlight: running, delayed: 0 }
    }
    return started
  }

  test('are backed off from too, though each start looks well for a minute', async () => {
    const world = aWorld({ backlog: 1_000, proven: false, figures: { maxWorkers: 4 } })

    const started = await aDay(world)

    // A canary and three others, every hour in the end.
    expect(started).toBeLessThan(4 * 32)
    expect(world.told.at(-1)).toMatchObject({ failures: ['Essential container in task exited; exit code 1'] })
  })
})

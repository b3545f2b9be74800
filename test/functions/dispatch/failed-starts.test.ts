import { describe, expect, test } from 'vitest'
import { START_LIMIT_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

const DAY_MINUTES = 24 * 60

describe('workers of Batch that cannot start', () => {
  /** As on the documented way before: the worker ends at once, whatever the reason. */
  const aDay = async (setup: ReturnType<typeof dispatchSetup>, minutes = DAY_MINUTES) => {
    for (let minute = 0; minute < minutes; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
      for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'FAILED')
    }
  }

  test('are started thirty times a day, and not every minute', async () => {
    const setup = dispatchSetup({ backlog: 10_000 })

    await aDay(setup)

    // The first minute starts all: until then they worked. Then one after 1, 2, 4, 8, 16, 32, 60, 60 … minutes.
    const [first, ...others] = setup.told.flatMap((event) =>
      event.type === 'dispatched' && event.started > 0 ? [event.started] : [],
    )
    expect(first).toBe(50)
    expect(others).toEqual(Array(others.length).fill(1))
    expect(others.length).toBeLessThan(30)
  })

  test('are told as one state, with the words of Batch', async () => {
    const setup = dispatchSetup({ backlog: 10_000, proven: false })

    await aDay(setup, 10)

    expect(setup.last()).toMatchObject({
      ...{ waits: { batch: 'back-off', ecs: null }, cannotStart: true, started: 0 },
      failures: ['Essential container in task exited; exit code 1'],
    })
    expect(setup.told.slice(1).every((event) => event.type === 'dispatched' && event.cannotStart)).toBe(true)
  })

  test('are tried within a minute when another deployment is there', async () => {
    const setup = dispatchSetup({ backlog: 10_000 })
    await aDay(setup, 40)
    expect(setup.last()).toMatchObject({ started: 0, waits: { batch: 'back-off' } })
    const changed = { ...setup.deps, figures: { ...setup.deps.figures, batchRevision: 'worker:2' } }

    await setup.dispatchAs(changed)

    expect(setup.last()).toMatchObject({ started: 1, waits: { batch: 'canary' } })
  })

  test('are no reason that is told any more when one works, though they still count', async () => {
    const setup = dispatchSetup({ backlog: 1_000, proven: false, figures: { maxWorkers: 4 } })
    await aDay(setup, 1)
    for (let minute = 0; minute < 3; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
    }
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'RUNNING')
    setup.state.backlog = { visible: 999, inFlight: 1, delayed: 0 }
    const poor = { ...setup.deps, figures: { ...setup.deps.figures, maxUsdPerDay: 0.01 } }

    await setup.dispatchAs(poor)

    expect(setup.last()).toMatchObject({ waits: { batch: 'budget' }, failures: [], cannotStart: false })
    expect((await setup.stored()).batch).toMatchObject({ failures: 1, proven: true })
  })

  test('of an earlier deployment are no failed starts of the one that replaces them', async () => {
    const setup = dispatchSetup({ backlog: 10_000, figures: { maxWorkers: 4 } })
    await setup.dispatch()
    const [first, second, third] = setup.batch.active()
    const changed = { ...setup.deps, figures: { ...setup.deps.figures, batchRevision: 'worker:2' } }
    for (const job of [first, second, third]) {
      setup.batch.move(job!.jobId, 'FAILED')
      setup.wait(MINUTE_MS)
      await setup.dispatchAs(changed)
    }

    expect(setup.last()).toMatchObject({ waits: { batch: 'canary' }, cannotStart: false, failures: [] })
    expect((await setup.stored()).batch).toMatchObject({ failures: 0, asked: 2 })
  })

  test('whose machines Spot has taken have not failed', async () => {
    const setup = dispatchSetup({ backlog: 20 })
    await setup.dispatch()
    for (const { jobId } of setup.batch.active()) setup.batch.reclaim(jobId)
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.last()).toMatchObject({ started: 2, failures: [] })
  })
})

describe('the model', () => {
  test('that is not there is waited for: no worker is started, for ten days', async () => {
    const setup = dispatchSetup({ backlog: 100, pushed: false, proven: false })

    for (let hour = 0; hour < 240; hour++) {
      await setup.dispatch()
      setup.wait(60 * MINUTE_MS)
    }

    expect(setup.batch.all()).toEqual([])
    expect(setup.last()).toMatchObject({ waits: { batch: 'model' }, cannotStart: true })
  })

  test('that appears gets a worker in that minute, and all when this has taken a message', async () => {
    const setup = dispatchSetup({ backlog: 100, pushed: false, proven: false })
    await setup.dispatch()
    await setup.push()
    setup.wait(MINUTE_MS)

    await setup.dispatch()
    expect(setup.last()).toMatchObject({ started: 1, waits: { batch: 'canary' } })
    setup.wait(MINUTE_MS)
    await setup.dispatch()
    expect(setup.last()).toMatchObject({ active: 1, started: 0, waits: { batch: 'canary' } })
    setup.batch.move('job-1', 'RUNNING')
    setup.state.backlog = { visible: 98, inFlight: 2, delayed: 0 }
    setup.wait(MINUTE_MS)
    await setup.dispatch()

    expect(setup.last()).toMatchObject({ active: 1, started: 9, waits: { batch: null }, cannotStart: false })
  })

  test('is not asked for while nothing waits', async () => {
    const setup = dispatchSetup({ pushed: false })
    const asked: string[] = []
    const models = {
      async head(key: string) {
        asked.push(key)
        return null
      },
    }

    await setup.dispatchAs({ ...setup.deps, models })

    expect(asked).toEqual([])
    expect(setup.last()).toMatchObject({ waits: { batch: null }, cannotStart: false })
  })
})

describe('a worker of ECS that cannot start', () => {
  test('is ended after as long as a start may take, and tried again after a minute, two, four …', async () => {
    const setup = dispatchSetup({ backlog: 100, compute: 'ec2', proven: false })
    const desired: number[] = []
    for (let minute = 0; minute < 60; minute++) {
      await setup.dispatch()
      setup.ecs.run(setup.ecs.desired())
      setup.wait(MINUTE_MS)
      desired.push(setup.ecs.desired())
    }

    const limit = START_LIMIT_SECONDS / 60
    // Asked for in one minute, and seen as asked for in the next.
    const tried = Array(limit + 1).fill(1)
    expect(desired).toEqual([...tried, 0, ...tried, 0, 0, ...tried, 0, 0, 0, 0, ...tried].slice(0, 60))
  })

  test('and has no machine is asked for on and on', async () => {
    const setup = dispatchSetup({ backlog: 100, compute: 'ec2', proven: false })
    for (let minute = 0; minute < 60; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
    }

    expect(setup.ecs.set).toEqual([1])
    expect(setup.last()).toMatchObject({ waits: { ecs: 'machine' }, cannotStart: true, failures: [] })
  })
})

describe('a deployment of ECS during a backlog', () => {
  test('whose canary has no place yet, because older workers are busy, has not failed to get a machine', async () => {
    const setup = dispatchSetup({
      ...{ backlog: { visible: 400, inFlight: 12, delayed: 0 }, compute: 'ec2' },
      figures: { maxWorkers: 4 },
    })
    await setup.dispatch()
    setup.ecs.run(4)
    setup.wait(MINUTE_MS)
    await setup.dispatch()
    setup.ecs.deploy()

    for (let minute = 0; minute < 90; minute++) {
      setup.wait(MINUTE_MS)
      await setup.dispatch()
      expect(setup.last()).toMatchObject({ waits: { ecs: 'canary' }, cannotStart: false, desired: 4 })
    }
  })
})

describe('workers that die after they have taken a message', () => {
  /** Each worker takes one message, dies within two minutes, and leaves the message to its lease. */
  const aDay = async (setup: ReturnType<typeof dispatchSetup>) => {
    let started = 0
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      await setup.dispatch()
      const event = setup.last()
      started += event?.type === 'dispatched' ? event.started : 0
      setup.wait(MINUTE_MS)
      const active = setup.batch.active()
      for (const { jobId, status } of active)
        setup.batch.move(jobId, status === 'RUNNING' ? 'FAILED' : 'RUNNING')
      const running = setup.batch.active().filter(({ status }) => status === 'RUNNING').length
      setup.state.backlog = { visible: 1_000 - running, inFlight: running, delayed: 0 }
    }
    return started
  }

  test('are backed off from too, though each start looks well for a minute', async () => {
    const setup = dispatchSetup({ backlog: 1_000, proven: false, figures: { maxWorkers: 4 } })

    const started = await aDay(setup)

    // A canary and three others, every hour in the end.
    expect(started).toBeLessThan(4 * 32)
    expect(setup.told.at(-1)).toMatchObject({ failures: ['Essential container in task exited; exit code 1'] })
  })
})

import { describe, expect, test } from 'vitest'
import { START_LIMIT_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

const DAY_MINUTES = 24 * 60

describe('Batch workers that cannot start', () => {
  /** Every worker ends at once. */
  const aDay = async (setup: ReturnType<typeof dispatchSetup>, minutes = DAY_MINUTES) => {
    for (let minute = 0; minute < minutes; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
      for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'FAILED')
    }
  }

  test('are started fewer than thirty times a day after their first failures', async () => {
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

  test("are reported as one state, with Batch's status reason", async () => {
    const setup = dispatchSetup({ backlog: 10_000, proven: false })

    await aDay(setup, 10)

    expect(setup.last()).toMatchObject({
      ...{ waits: { batch: 'back-off', ecs: null }, cannotStart: true, started: 0 },
      failures: ['Essential container in task exited; exit code 1'],
    })
    expect(setup.told.slice(1).every((event) => event.type === 'dispatched' && event.cannotStart)).toBe(true)
  })

  test('are tried again within a minute when the job definition changes', async () => {
    const setup = dispatchSetup({ backlog: 10_000 })
    await aDay(setup, 40)
    expect(setup.last()).toMatchObject({ started: 0, waits: { batch: 'back-off' } })
    const changed = { ...setup.deps, figures: { ...setup.deps.figures, batchRevision: 'worker:2' } }

    await setup.dispatchAs(changed)

    expect(setup.last()).toMatchObject({ started: 1, waits: { batch: 'canary' } })
  })

  test('are not reported any more once one worker works, but the failure count stays', async () => {
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

  test('of an earlier deployment do not count as failed starts of the new deployment', async () => {
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

  test('do not count as failed starts when EC2 reclaimed their Spot instances', async () => {
    const setup = dispatchSetup({ backlog: 20 })
    await setup.dispatch()
    for (const { jobId } of setup.batch.active()) setup.batch.reclaim(jobId)
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.last()).toMatchObject({ started: 2, failures: [] })
  })
})

describe('the model record', () => {
  test('is waited for: dispatch starts no worker without it, for ten days', async () => {
    const setup = dispatchSetup({ backlog: 100, pushed: false, proven: false })

    for (let hour = 0; hour < 240; hour++) {
      await setup.dispatch()
      setup.wait(60 * MINUTE_MS)
    }

    expect(setup.batch.all()).toEqual([])
    expect(setup.last()).toMatchObject({ waits: { batch: 'model' }, cannotStart: true })
  })

  test('starts one worker in the minute it appears, and all workers once that one took a message', async () => {
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

  test('is not read while the backlog is empty', async () => {
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

describe('an ECS worker that cannot start', () => {
  test('is stopped after the start limit and tried again after 1, 2, 4 … minutes', async () => {
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

  test('that has no machine stays requested', async () => {
    const setup = dispatchSetup({ backlog: 100, compute: 'ec2', proven: false })
    for (let minute = 0; minute < 60; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
    }

    expect(setup.ecs.set).toEqual([1])
    expect(setup.last()).toMatchObject({ waits: { ecs: 'machine' }, cannotStart: true, failures: [] })
  })
})

describe('an ECS deployment during a backlog', () => {
  test('waits for its canary, without an alarm, while older workers are busy', async () => {
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

describe('workers that stop soon after they took a message', () => {
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

  test('are started with back-off, although each looks healthy for a minute', async () => {
    const setup = dispatchSetup({ backlog: 1_000, proven: false, figures: { maxWorkers: 4 } })

    const started = await aDay(setup)

    // A canary and three others, every hour in the end.
    expect(started).toBeLessThan(4 * 32)
    expect(setup.told.at(-1)).toMatchObject({ failures: ['Essential container in task exited; exit code 1'] })
  })
})

import { describe, expect, test } from 'vitest'
import { SHOWN_AFTER_MS } from '../../../functions/dispatch/count-workers.ts'
import { MAX_STARTS } from '../../../functions/dispatch/decide-dispatch.ts'
import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { SubmitRefusedError } from '../../../shared/ports/batch-jobs.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dispatchSetup, MINUTE_MS, REVISION } from './dispatch-setup.ts'

describe('a backlog', () => {
  test('gets the workers that it needs, and the dispatch state has their ids', async () => {
    const setup = dispatchSetup({ backlog: { visible: 12, inFlight: 8, delayed: 1 } })

    await setup.dispatch()

    expect(setup.batch.all().map(({ name }) => name)).toEqual(['worker-1', 'worker-2', 'worker-3'])
    expect(setup.told).toEqual([
      {
        ...{ type: 'dispatched', backlog: 21, needed: 3, active: 0, started: 3, stopped: null },
        ...{ desired: null, waits: { batch: null, ecs: null }, failures: [], cannotStart: false },
        ...{ usdToday: 0, isPaused: false },
      },
    ])
    expect(await storedJson(setup.output, DISPATCH_STATE_KEY)).toMatchObject({
      version: 2,
      written_at: '2026-01-02T03:04:05.300Z',
      ecs: null,
      workers: ['1', '2', '3'].map((n) => ({
        name: `worker-${n}`,
        job_id: `job-${n}`,
        asked_at: '2026-01-02T03:04:05.000Z',
        revision: REVISION,
      })),
    })
  })

  test('that grows gets the missing workers', async () => {
    const setup = dispatchSetup({ backlog: 20 })
    await setup.dispatch()
    setup.state.backlog = 50
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.batch.active().length).toBe(5)
    expect(setup.told.at(-1)).toMatchObject({ needed: 5, active: 2, started: 3 })
  })

  test('that shrinks keeps its workers and gets no new ones', async () => {
    const setup = dispatchSetup({ backlog: 50 })
    await setup.dispatch()
    setup.state.backlog = 20

    await setup.dispatch()

    expect(setup.told.at(-1)).toMatchObject({ needed: 2, active: 5, started: 0, stopped: null })
    expect(setup.batch.active().length).toBe(5)
  })

  test('gets new workers at once for workers that have ended', async () => {
    const setup = dispatchSetup({ backlog: 30 })
    await setup.dispatch()
    setup.batch.move('job-1', 'SUCCEEDED')
    setup.batch.move('job-2', 'SUCCEEDED')
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.told.at(-1)).toMatchObject({ active: 1, started: 2 })
    expect(await setup.asked()).toEqual({ 'worker-3': 'job-3', 'worker-4': 'job-4', 'worker-5': 'job-5' })
  })

  test('that needs more workers than one invocation starts gets the others from the next invocation', async () => {
    const setup = dispatchSetup({ backlog: 10 * (MAX_STARTS + 7), figures: { maxWorkers: 1000 } })

    await setup.dispatch()
    setup.wait(MINUTE_MS)
    await setup.dispatch()

    expect(setup.told).toMatchObject([
      { started: MAX_STARTS, stopped: 'limit' },
      { started: 7, stopped: null },
    ])
  })

  test('of 0 causes no write', async () => {
    const setup = dispatchSetup()
    await setup.dispatch()
    const { length } = setup.output.writes

    for (let minute = 0; minute < 5; minute++) await setup.dispatch()

    expect(setup.output.writes.length).toBe(length)
    expect(setup.told.at(-1)).toMatchObject({ backlog: 0, needed: 0, active: 0, started: 0, stopped: null })
  })
})

describe('dispatch does not start a worker twice', () => {
  test('when the same event arrives twice', async () => {
    const setup = dispatchSetup({ backlog: 30 })

    await setup.dispatch()
    await setup.dispatch()

    expect(setup.batch.all().length).toBe(3)
  })

  test('when three invocations run at once, because those that write later stop', async () => {
    const setup = dispatchSetup({ backlog: 30 })

    await Promise.all([setup.dispatch(), setup.dispatch(), setup.dispatch()])

    expect(setup.batch.all().length).toBe(3)
    expect(setup.told.filter(({ type }) => type === 'outrun').length).toBe(2)
  })

  test('when Batch does not list a started job yet', async () => {
    const setup = dispatchSetup({ backlog: 30, lagMs: () => 2 * MINUTE_MS })

    for (let minute = 0; minute < 6; minute++) {
      await setup.dispatch()
      setup.wait(MINUTE_MS)
    }

    expect(setup.batch.all().length).toBe(3)
    expect(setup.told.at(-1)).toMatchObject({ active: 3 })
  })

  test('when a worker gets another attempt while jobs are being listed', async () => {
    let slipping = false
    const setup = dispatchSetup({ backlog: 30, slips: () => slipping })
    await setup.dispatch()
    setup.wait(60 * MINUTE_MS)
    slipping = true

    await setup.dispatch()

    expect(setup.told.at(-1)).toMatchObject({ active: 3, started: 0 })
  })

  test('when the answer to a submission is lost, because it finds the job by its name', async () => {
    let lost = 0
    const setup = dispatchSetup({
      backlog: 30,
      faults: {
        after(operation, name) {
          if (operation !== 'submit' || name !== 'worker-2') return
          lost++
          throw new Error('ECONNRESET')
        },
      },
    })

    await expect(setup.dispatch()).rejects.toThrow('ECONNRESET')
    expect(await setup.asked()).toEqual({ 'worker-1': 'job-1', 'worker-2': null })
    setup.wait(MINUTE_MS)
    await setup.dispatch()

    expect(lost).toBe(1)
    expect(setup.batch.all().map(({ name }) => name)).toEqual(['worker-1', 'worker-2', 'worker-4'])
    expect(await setup.asked()).toEqual({ 'worker-1': 'job-1', 'worker-2': 'job-2', 'worker-4': 'job-3' })
  })

  test('when a worker was submitted by hand, because it counts that worker and records it in its state', async () => {
    const setup = dispatchSetup({ backlog: 30 })
    await setup.batch.submit('by-hand', unaborted)

    await setup.dispatch()

    expect(setup.told).toMatchObject([{ active: 1, started: 2 }])
    expect(await setup.asked()).toMatchObject({ 'by-hand': 'job-1' })
  })

  test('when the dispatch state is lost, but Batch lists the workers', async () => {
    const setup = dispatchSetup({ backlog: 30 })
    await setup.dispatch()
    await setup.output.delete(DISPATCH_STATE_KEY, unaborted)

    await setup.dispatch()

    expect(setup.batch.all().length).toBe(3)
  })
})

describe('a submission whose answer was lost minutes ago', () => {
  const aSetupThatForgets = async (slipping: { now: boolean }) => {
    const setup = dispatchSetup({
      backlog: 10,
      slips: () => slipping.now,
      faults: {
        after(operation) {
          if (operation === 'submit') throw new Error('ECONNRESET')
        },
      },
    })
    await expect(setup.dispatch()).rejects.toThrow('ECONNRESET')
    setup.wait(2 * SHOWN_AFTER_MS)
    return setup
  }

  test("is found by its name when Batch's job lists miss it", async () => {
    const slipping = { now: true }
    const setup = await aSetupThatForgets(slipping)

    await setup.dispatch()

    expect(setup.batch.all().length).toBe(1)
    expect(await setup.asked()).toEqual({ 'worker-1': 'job-1' })
  })

  test('does not count when its worker has ended', async () => {
    const setup = await aSetupThatForgets({ now: false })
    setup.batch.move('job-1', 'FAILED')

    await setup.dispatch().catch(() => {})

    expect(setup.told.at(-1)).toMatchObject({ active: 0 })
  })
})

describe('a submission that never arrived', () => {
  const aSetupThatLosesOne = () => {
    let lost = false
    return dispatchSetup({
      backlog: 30,
      faults: {
        before(operation) {
          if (operation !== 'submit' || lost) return
          lost = true
          throw new Error('ECONNREFUSED')
        },
      },
    })
  }

  test('fails the invocation, and its worker counts as started for a while', async () => {
    const setup = aSetupThatLosesOne()

    await expect(setup.dispatch()).rejects.toThrow('ECONNREFUSED')
    expect(setup.told).toMatchObject([{ started: 0, stopped: 'failed' }])
    setup.wait(MINUTE_MS)
    await setup.dispatch()

    expect(setup.batch.all().length).toBe(2)
  })

  test('is replaced once Batch would have listed its job', async () => {
    const setup = aSetupThatLosesOne()
    await expect(setup.dispatch()).rejects.toThrow('ECONNREFUSED')
    setup.wait(SHOWN_AFTER_MS)

    await setup.dispatch()

    expect(setup.batch.all().length).toBe(3)
  })
})

describe('a submission that Batch refuses', () => {
  test('because of too many requests ends the invocation, and the next one submits the others at once', async () => {
    let accepted = 0
    const setup = dispatchSetup({
      backlog: 100,
      refuse: () => (accepted++ % 5 === 4 ? new SubmitRefusedError('TooManyRequestsException', true) : null),
    })

    await setup.dispatch()
    expect(setup.told).toMatchObject([{ needed: 10, started: 4, stopped: 'throttled' }])
    expect(Object.keys(await setup.asked()).length).toBe(4)
    await setup.dispatch()
    await setup.dispatch()

    expect(setup.batch.all().length).toBe(10)
    expect(setup.told.at(-1)).toMatchObject({ active: 8, started: 2, stopped: null })
  })

  test('for another reason fails the invocation and leaves nothing in the dispatch state', async () => {
    const setup = dispatchSetup({
      backlog: 100,
      refuse: () => new SubmitRefusedError('ClientException: no such queue', false),
    })

    await expect(setup.dispatch()).rejects.toThrow('no such queue')

    expect(setup.told).toMatchObject([{ started: 0, stopped: 'failed' }])
    expect(await setup.asked()).toEqual({})
  })
})

describe('an invocation of dispatch', () => {
  test('that is close to its time limit leaves the other workers to the next invocation', async () => {
    const setup = dispatchSetup({ backlog: 100 })

    await setup.dispatch({ untilMs: setup.now() + 350 })
    expect(setup.told).toMatchObject([{ started: 4, stopped: 'time' }])
    await setup.dispatch()

    expect(setup.batch.all().length).toBe(10)
  })

  test('submits no job a minute after it wrote the name of the job', async () => {
    const setup = dispatchSetup({ backlog: 30 })
    setup.deps.sleep = async () => setup.wait(59_950)

    await setup.dispatch()

    expect(setup.told).toMatchObject([{ started: 2, stopped: 'time' }])
  })

  test('that is aborted fails with the reason of the abort', async () => {
    const stop = new AbortController()
    const setup = dispatchSetup({
      backlog: 30,
      faults: {
        before(operation) {
          if (operation === 'submit') stop.abort(new Error('the time is over'))
        },
      },
    })

    await expect(setup.dispatch({ signal: stop.signal })).rejects.toThrow('the time is over')
  })
})

test('dispatch fails and starts no worker when its state cannot be parsed', async () => {
  const setup = dispatchSetup({ backlog: 30 })
  await setup.output.put(
    DISPATCH_STATE_KEY,
    Buffer.from('{"version": 3}'),
    { contentType: 'application/json' },
    unaborted,
  )

  await expect(setup.dispatch()).rejects.toThrow('dispatch/state.json in output is not readable')
  expect(setup.batch.all()).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { SHOWN_AFTER_MS } from '../../../functions/dispatch/count-workers.ts'
import { MAX_STARTS } from '../../../functions/dispatch/decide-dispatch.ts'
import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { SubmitRefusedError } from '../../../shared/ports/batch-jobs.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld, MINUTE_MS, REVISION } from './a-world.ts'

describe('a backlog', () => {
  test('gets the workers it needs, and their ids are kept', async () => {
    const world = aWorld({ backlog: { visible: 12, inFlight: 8, delayed: 1 } })

    await world.dispatch()

    expect(world.batch.all().map(({ name }) => name)).toEqual(['worker-1', 'worker-2', 'worker-3'])
    expect(world.told).toEqual([
      {
        ...{ type: 'dispatched', backlog: 21, needed: 3, active: 0, started: 3, stopped: null },
        ...{ desired: null, waits: { batch: null, ecs: null }, failures: [], cannotStart: false },
        ...{ usdToday: 0, isPaused: false },
      },
    ])
    expect(await storedJson(world.output, DISPATCH_STATE_KEY)).toMatchObject({
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

  test('that grows gets those that are missing', async () => {
    const world = aWorld({ backlog: 20 })
    await world.dispatch()
    world.state.backlog = 50
    world.wait(MINUTE_MS)

    await world.dispatch()

    expect(world.batch.active().length).toBe(5)
    expect(world.told.at(-1)).toMatchObject({ needed: 5, active: 2, started: 3 })
  })

  test('that shrinks loses none, and gets none', async () => {
    const world = aWorld({ backlog: 50 })
    await world.dispatch()
    world.state.backlog = 20

    await world.dispatch()

    expect(world.told.at(-1)).toMatchObject({ needed: 2, active: 5, started: 0, stopped: null })
    expect(world.batch.active().length).toBe(5)
  })

  test('gets others at once for workers that have ended', async () => {
    const world = aWorld({ backlog: 30 })
    await world.dispatch()
    world.batch.move('job-1', 'SUCCEEDED')
    world.batch.move('job-2', 'SUCCEEDED')
    world.wait(MINUTE_MS)

    await world.dispatch()

    expect(world.told.at(-1)).toMatchObject({ active: 1, started: 2 })
    expect(await world.asked()).toEqual({ 'worker-3': 'job-3', 'worker-4': 'job-4', 'worker-5': 'job-5' })
  })

  test('of more than one invocation starts gets the rest from the next', async () => {
    const world = aWorld({ backlog: 10 * (MAX_STARTS + 7), figures: { maxWorkers: 1000 } })

    await world.dispatch()
    world.wait(MINUTE_MS)
    await world.dispatch()

    expect(world.told).toMatchObject([
      { started: MAX_STARTS, stopped: 'limit' },
      { started: 7, stopped: null },
    ])
  })

  test('of none costs no write', async () => {
    const world = aWorld()
    await world.dispatch()
    const { length } = world.output.writes

    for (let minute = 0; minute < 5; minute++) await world.dispatch()

    expect(world.output.writes.length).toBe(length)
    expect(world.told.at(-1)).toMatchObject({ backlog: 0, needed: 0, active: 0, started: 0, stopped: null })
  })
})

describe('never twice', () => {
  test('when the event comes twice', async () => {
    const world = aWorld({ backlog: 30 })

    await world.dispatch()
    await world.dispatch()

    expect(world.batch.all().length).toBe(3)
  })

  test('when two run at once: the second to write gives way', async () => {
    const world = aWorld({ backlog: 30 })

    await Promise.all([world.dispatch(), world.dispatch(), world.dispatch()])

    expect(world.batch.all().length).toBe(3)
    expect(world.told.filter(({ type }) => type === 'outrun').length).toBe(2)
  })

  test('when Batch does not show yet what was started', async () => {
    const world = aWorld({ backlog: 30, lagMs: () => 2 * MINUTE_MS })

    for (let minute = 0; minute < 6; minute++) {
      await world.dispatch()
      world.wait(MINUTE_MS)
    }

    expect(world.batch.all().length).toBe(3)
    expect(world.told.at(-1)).toMatchObject({ active: 3 })
  })

  test('when a worker gets another attempt while the lists are read', async () => {
    let slipping = false
    const world = aWorld({ backlog: 30, slips: () => slipping })
    await world.dispatch()
    world.wait(60 * MINUTE_MS)
    slipping = true

    await world.dispatch()

    expect(world.told.at(-1)).toMatchObject({ active: 3, started: 0 })
  })

  test('when the answer to a submission gets lost: it is found by its name', async () => {
    let lost = 0
    const world = aWorld({
      backlog: 30,
      faults: {
        after(operation, name) {
          if (operation !== 'submit' || name !== 'worker-2') return
          lost++
          throw new Error('ECONNRESET')
        },
      },
    })

    await expect(world.dispatch()).rejects.toThrow('ECONNRESET')
    expect(await world.asked()).toEqual({ 'worker-1': 'job-1', 'worker-2': null })
    world.wait(MINUTE_MS)
    await world.dispatch()

    expect(lost).toBe(1)
    expect(world.batch.all().map(({ name }) => name)).toEqual(['worker-1', 'worker-2', 'worker-4'])
    expect(await world.asked()).toEqual({ 'worker-1': 'job-1', 'worker-2': 'job-2', 'worker-4': 'job-3' })
  })

  test('when workers are there that nobody asked for: they count, and are kept in mind', async () => {
    const world = aWorld({ backlog: 30 })
    await world.batch.submit('by-hand', unaborted)

    await world.dispatch()

    expect(world.told).toMatchObject([{ active: 1, started: 2 }])
    expect(await world.asked()).toMatchObject({ 'by-hand': 'job-1' })
  })

  test('when the state is lost while workers are listed', async () => {
    const world = aWorld({ backlog: 30 })
    await world.dispatch()
    await world.output.delete(DISPATCH_STATE_KEY, unaborted)

    await world.dispatch()

    expect(world.batch.all().length).toBe(3)
  })
})

describe('an answer that never came, and nobody looked for minutes', () => {
  const aWorldThatForgets = async (slipping: { now: boolean }) => {
    const world = aWorld({
      backlog: 10,
      slips: () => slipping.now,
      faults: {
        after(operation) {
          if (operation === 'submit') throw new Error('ECONNRESET')
        },
      },
    })
    await expect(world.dispatch()).rejects.toThrow('ECONNRESET')
    world.wait(2 * SHOWN_AFTER_MS)
    return world
  }

  test('is made up for by looking for the name, where the lists miss it', async () => {
    const slipping = { now: true }
    const world = await aWorldThatForgets(slipping)

    await world.dispatch()

    expect(world.batch.all().length).toBe(1)
    expect(await world.asked()).toEqual({ 'worker-1': 'job-1' })
  })

  test('counts no more when its worker has ended', async () => {
    const world = await aWorldThatForgets({ now: false })
    world.batch.move('job-1', 'FAILED')

    await world.dispatch().catch(() => {})

    expect(world.told.at(-1)).toMatchObject({ active: 0 })
  })
})

describe('a request that never arrived', () => {
  const aWorldThatLosesOne = () => {
    let lost = false
    return aWorld({
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

  test('ends the invocation, and its worker counts for a while', async () => {
    const world = aWorldThatLosesOne()

    await expect(world.dispatch()).rejects.toThrow('ECONNREFUSED')
    expect(world.told).toMatchObject([{ started: 0, stopped: 'failed' }])
    world.wait(MINUTE_MS)
    await world.dispatch()

    expect(world.batch.all().length).toBe(2)
  })

  test('is made up for when Batch would have shown it', async () => {
    const world = aWorldThatLosesOne()
    await expect(world.dispatch()).rejects.toThrow('ECONNREFUSED')
    world.wait(SHOWN_AFTER_MS)

    await world.dispatch()

    expect(world.batch.all().length).toBe(3)
  })
})

describe('a refusal', () => {
  test('for too many requests ends the invocation, and the next goes on at once', async () => {
    let accepted = 0
    const world = aWorld({
      backlog: 100,
      refuse: () => (accepted++ % 5 === 4 ? new SubmitRefusedError('TooManyRequestsException', true) : null),
    })

    await world.dispatch()
    expect(world.told).toMatchObject([{ needed: 10, started: 4, stopped: 'throttled' }])
    expect(Object.keys(await world.asked()).length).toBe(4)
    await world.dispatch()
    await world.dispatch()

    expect(world.batch.all().length).toBe(10)
    expect(world.told.at(-1)).toMatchObject({ active: 8, started: 2, stopped: null })
  })

  test('for another reason is an error, and leaves nothing behind', async () => {
    const world = aWorld({
      backlog: 100,
      refuse: () => new SubmitRefusedError('ClientException: no such queue', false),
    })

    await expect(world.dispatch()).rejects.toThrow('no such queue')

    expect(world.told).toMatchObject([{ started: 0, stopped: 'failed' }])
    expect(await world.asked()).toEqual({})
  })
})

describe('time', () => {
  test('that is nearly over leaves the rest to the next', async () => {
    const world = aWorld({ backlog: 100 })

    await world.dispatch({ untilMs: world.now() + 350 })
    expect(world.told).toMatchObject([{ started: 4, stopped: 'time' }])
    await world.dispatch()

    expect(world.batch.all().length).toBe(10)
  })

  test('never lets a request be made long after its name was written', async () => {
    const world = aWorld({ backlog: 30 })
    world.world.sleep = async () => world.wait(59_950)

    await world.dispatch()

    expect(world.told).toMatchObject([{ started: 2, stopped: 'time' }])
  })

  test('that is over ends it, with the reason', async () => {
    const stop = new AbortController()
    const world = aWorld({
      backlog: 30,
      faults: {
        before(operation) {
          if (operation === 'submit') stop.abort(new Error('the time is over'))
        },
      },
    })

    await expect(world.dispatch({ signal: stop.signal })).rejects.toThrow('the time is over')
  })
})

test('a state that nobody can read stops all, for what is active is not known', async () => {
  const world = aWorld({ backlog: 30 })
  await world.output.put(
    DISPATCH_STATE_KEY,
    Buffer.from('{"version": 3}'),
    { contentType: 'application/json' },
    unaborted,
  )

  await expect(world.dispatch()).rejects.toThrow('dispatch/state.json in output is not readable')
  expect(world.batch.all()).toEqual([])
})

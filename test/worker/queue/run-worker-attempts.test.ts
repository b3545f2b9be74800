import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aWorld, idOf } from './a-world.ts'

test.each(['prepare', 'render', 'finish'] as const)(
  'publishes nothing when the lease is lost in %s',
  async (stage) => {
    const world = aWorld({
      pictures: ['cat'],
      seconds: { prepare: 60, render: 60, finish: 60 },
      onStage: (begun, _, { loseLeases }) => {
        if (begun === stage) loseLeases()
      },
      options: { maxJobs: 1 },
    })

    await world.run()

    expect(world.eventsOf('job-abandoned').length).toBe(1)
    expect(await world.resultOf('cat')).toBe(null)
    expect(world.store.keys().filter((key) => key.startsWith('jobs/'))).toEqual([])
    expect(world.visible()).toBe(1)
  },
)

test('a picture that trickles in holds a job for five minutes, and costs it no attempt', async () => {
  const seconds = { prepare: 3600 }
  const world = aWorld({
    pictures: ['cat'],
    seconds,
    options: { untilIdleSeconds: 100, maxSeconds: 310 },
  })

  await world.run()

  const reason = 'preparing the picture took more than 300 s'
  expect(world.eventsOf('job-postponed')).toMatchObject([{ jobId: idOf('cat'), reason }])
  expect(await world.statusOf('cat')).toMatchObject({ state: 'queued', message: reason, attempts: [] })
})

test('an upload that does not end holds a job for a minute, and for longer the larger its files are', async () => {
  const world = aWorld({ pictures: ['cat'], options: { maxSeconds: 200 } })
  const { create } = world.store
  world.store.create = (key, body, options, signal) =>
    key.endsWith('.mp4')
      ? world.clock.sleep(1e9, signal).then(() => true)
      : create(key, body, options, signal)

  await world.run()

  expect(world.eventsOf('job-postponed')).toMatchObject([
    { jobId: idOf('cat'), reason: 'uploading the clip took more than 61 s' },
  ])
  expect(await world.statusOf('cat')).toMatchObject({ state: 'queued', attempts: [] })
})

describe('what costs a job no attempt', () => {
  test('is any number of SIGTERMs under its render, nor are they one for the job prepared behind it', async () => {
    const world = aWorld({
      pictures: ['long', 'behind'],
      seconds: { render: 100 },
      maxAttempts: 1,
      options: { untilIdleSeconds: 60 },
    })

    for (let time = 0; time < 6; time++) {
      const drain = openDrain(world.clock)
      world.after(20, () => drain.notify({ reason: 'SIGTERM', secondsLeft: 0 }))
      await world.run(drain)
      expect(await world.statusOf('long')).toMatchObject({
        state: 'queued',
        message: 'SIGTERM',
        attempts: [],
      })
    }
    await world.run()

    expect(world.eventsOf('job-released').length).toBe(12)
    expect(await world.resultOf('long')).toMatchObject({ state: 'succeeded' })
    expect(await world.resultOf('behind')).toMatchObject({ state: 'succeeded' })
  })

  test.each(['prepare', 'render', 'finish'] as const)('is a lease that is lost in %s', async (stage) => {
    let losses = 3
    const world = aWorld({
      pictures: ['cat'],
      maxAttempts: 1,
      seconds: { prepare: 60, render: 60, finish: 60 },
      onStage: (begun, _, { loseLeases }) => {
        if (begun === stage && losses-- > 0) loseLeases()
      },
      options: { untilIdleSeconds: 200 },
    })

    await world.run()

    expect(world.eventsOf('job-abandoned').map(({ leaseLost }) => leaseLost)).toEqual([true, true, true])
    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('is a store that is away for minutes', async () => {
    let away = true
    const world = aWorld({
      pictures: ['cat'],
      maxAttempts: 1,
      storeFaults: {
        before() {
          if (away) throw new Error('503')
        },
      },
      options: { untilIdleSeconds: 1_000 },
    })
    world.after(500, () => {
      away = false
    })

    const end = await world.run()

    expect(world.eventsOf('job-postponed').length).toBeGreaterThan(3)
    expect(end.failing).toBe(false)
    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('is a full disk; a machine that can do none of its jobs ends', async () => {
    const pictures = ['a', 'b', 'c', 'd']
    const world = aWorld({
      pictures,
      maxAttempts: 1,
      onStage(stage) {
        if (stage === 'finish') throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      },
    })

    const end = await world.run()

    expect(end).toMatchObject({ failing: true, jobs: 0 })
    for (const picture of pictures) expect(await world.resultOf(picture)).toBe(null)
  })
})

test('a job that took down as many workers as it may is rendered no more', async () => {
  const world = aWorld({ pictures: ['poison'], maxAttempts: 2 })
  const job = aJobMessage({ picture: 'images/poison.png' })
  const attempt = (id: string): SpentAttempt => ({
    ...{ id, worker_id: `worker of ${id}`, reason: null },
    alive_until: '2025-12-31T23:59:59.000Z',
  })
  const status = statusOfAttempt({ job, number: 2 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    attempt('1'),
    attempt('2'),
  ])
  await world.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await world.run()

  expect(world.stages).toEqual([])
  expect(await world.resultOf('poison')).toMatchObject({
    failure: {
      class: 'exhausted',
      reason: 'the worker worker of 2 or its machine vanished while it rendered the job',
    },
  })
  expect(world.jobs.messages()).toEqual([])
  expect(world.deadLetters.messages().map(({ body }) => JSON.parse(body).job_id)).toEqual([job.job_id])
})

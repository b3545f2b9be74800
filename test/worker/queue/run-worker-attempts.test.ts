import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test.each(['prepare', 'render', 'finish'] as const)(
  'a worker publishes nothing when the lease is lost during the %s stage',
  async (stage) => {
    const setup = workerSetup({
      images: ['cat'],
      seconds: { prepare: 60, render: 60, finish: 60 },
      onStage: (begun, _, { loseLeases }) => {
        if (begun === stage) loseLeases()
      },
      options: { maxJobs: 1 },
    })

    await setup.run()

    expect(setup.eventsOf('job-abandoned').length).toBe(1)
    expect(await setup.resultOf('cat')).toBe(null)
    expect(setup.store.keys().filter((key) => key.startsWith('jobs/'))).toEqual([])
    expect(setup.visible()).toBe(1)
  },
)

test('a job is postponed after 300 s of preparing its image, and no attempt is counted', async () => {
  const seconds = { prepare: 3600 }
  const setup = workerSetup({
    images: ['cat'],
    seconds,
    options: { untilIdleSeconds: 100, maxSeconds: 310 },
  })

  await setup.run()

  const reason = 'preparing the image took more than 300 s'
  expect(setup.eventsOf('job-postponed')).toMatchObject([{ jobId: idOf('cat'), reason }])
  expect(await setup.statusOf('cat')).toMatchObject({ state: 'queued', message: reason, attempts: [] })
})

test('a job is postponed when the upload of its small clip takes more than 61 s, and no attempt is counted', async () => {
  const setup = workerSetup({ images: ['cat'], options: { maxSeconds: 200 } })
  const { create } = setup.store
  setup.store.create = (key, body, options, signal) =>
    key.endsWith('.mp4')
      ? setup.clock.sleep(1e9, signal).then(() => true)
      : create(key, body, options, signal)

  await setup.run()

  expect(setup.eventsOf('job-postponed')).toMatchObject([
    { jobId: idOf('cat'), reason: 'uploading the clip took more than 61 s' },
  ])
  expect(await setup.statusOf('cat')).toMatchObject({ state: 'queued', attempts: [] })
})

describe('no attempt of a job is counted', () => {
  test('when SIGTERM interrupts its render six times, or the render of the job before it', async () => {
    const setup = workerSetup({
      images: ['long', 'behind'],
      seconds: { render: 100 },
      maxAttempts: 1,
      options: { untilIdleSeconds: 60 },
    })

    for (let time = 0; time < 6; time++) {
      const drain = openDrain(setup.clock)
      setup.after(20, () => drain.notify({ reason: 'SIGTERM', secondsLeft: 0 }))
      await setup.run(drain)
      expect(await setup.statusOf('long')).toMatchObject({
        state: 'queued',
        message: 'SIGTERM',
        attempts: [],
      })
    }
    await setup.run()

    expect(setup.eventsOf('job-released').length).toBe(12)
    expect(await setup.resultOf('long')).toMatchObject({ state: 'succeeded' })
    expect(await setup.resultOf('behind')).toMatchObject({ state: 'succeeded' })
  })

  test.each(['prepare', 'render', 'finish'] as const)(
    'when the lease is lost during the %s stage',
    async (stage) => {
      let losses = 3
      const setup = workerSetup({
        images: ['cat'],
        maxAttempts: 1,
        seconds: { prepare: 60, render: 60, finish: 60 },
        onStage: (begun, _, { loseLeases }) => {
          if (begun === stage && losses-- > 0) loseLeases()
        },
        options: { untilIdleSeconds: 200 },
      })

      await setup.run()

      expect(setup.eventsOf('job-abandoned').map(({ leaseLost }) => leaseLost)).toEqual([true, true, true])
      expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    },
  )

  test('when the bucket answers 503 for minutes', async () => {
    let away = true
    const setup = workerSetup({
      images: ['cat'],
      maxAttempts: 1,
      storeFaults: {
        before() {
          if (away) throw new Error('503')
        },
      },
      options: { untilIdleSeconds: 1_000 },
    })
    setup.after(500, () => {
      away = false
    })

    const end = await setup.run()

    expect(setup.eventsOf('job-postponed').length).toBeGreaterThan(3)
    expect(end.failing).toBe(false)
    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('when the disk is full, and the worker shuts down as failing after a few such jobs', async () => {
    const images = ['a', 'b', 'c', 'd']
    const setup = workerSetup({
      images,
      maxAttempts: 1,
      onStage(stage) {
        if (stage === 'finish') throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      },
    })

    const end = await setup.run()

    expect(end).toMatchObject({ failing: true, jobs: 0 })
    for (const image of images) expect(await setup.resultOf(image)).toBe(null)
  })
})

test('a job fails without another render when a worker vanished during each of its attempts', async () => {
  const setup = workerSetup({ images: ['poison'], maxAttempts: 2 })
  const job = aJobMessage({ sourceKey: 'images/poison.png' })
  const attempt = (id: string): SpentAttempt => ({
    ...{ id, worker_id: `worker of ${id}`, reason: null },
    alive_until: '2025-12-31T23:59:59.000Z',
  })
  const status = statusOfAttempt({ job, number: 2 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    attempt('1'),
    attempt('2'),
  ])
  await setup.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await setup.run()

  expect(setup.stages).toEqual([])
  expect(await setup.resultOf('poison')).toMatchObject({
    failure: {
      class: 'exhausted',
      reason: 'the worker worker of 2 or its machine vanished while it rendered the job',
    },
  })
  expect(setup.jobs.messages()).toEqual([])
  expect(setup.deadLetters.messages().map(({ body }) => JSON.parse(body).job_id)).toEqual([job.job_id])
})

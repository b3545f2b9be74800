import { expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test('a message that is delivered after its job succeeded is removed without another render', async () => {
  const setup = workerSetup({ images: ['cat'] })
  setup.after(15, () => void setup.send('cat'))

  await setup.run()

  expect(setup.stages.filter((stage) => stage.includes('render')).length).toBe(1)
  expect(setup.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(setup.jobs.messages()).toEqual([])
})

test('a job that two messages deliver at the same time is rendered once', async () => {
  const setup = workerSetup({ images: ['cat', 'cat'] })

  await setup.run()

  expect(setup.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(setup.jobs.messages()).toEqual([])
})

test('a worker uploads nothing when another worker published the job during the render', async () => {
  const key = resultKey(idOf('cat'))
  const setup = workerSetup({
    images: ['cat'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void setup.store.create(key, body, { contentType: 'application/json' }, unaborted)
    },
  })

  await setup.run()

  expect(setup.store.keys().filter((stored) => stored.startsWith('jobs/'))).toEqual([key])
  expect(setup.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(setup.jobs.messages()).toEqual([])
})

test('a worker starts no fallback decode when another worker published the job during the render', async () => {
  const setup = workerSetup({
    images: ['cat'],
    faultsOf: () => ['flickers'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void setup.store.create(resultKey(idOf('cat')), body, { contentType: 'application/json' }, unaborted)
    },
  })

  await setup.run()

  expect(setup.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(setup.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
})

test('a worker checks for an existing result before the first stage and during the finish stage', async () => {
  const askedSeconds: number[] = []
  const setup = workerSetup({
    images: ['cat'],
    storeFaults: {
      before(operation, key) {
        const isQuestion = operation === 'head' && key === resultKey(idOf('cat'))
        if (isQuestion) askedSeconds.push(setup.clock.elapsedMs() / 1000)
      },
    },
  })

  await setup.run()

  expect(setup.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(askedSeconds).toEqual([0, 11])
})

test('a duplicate message is postponed while another worker renders the last attempt of its job', async () => {
  const setup = workerSetup({ images: ['cat'], maxAttempts: 1, options: { untilIdleSeconds: 100 } })
  const job = aJobMessage({ sourceKey: 'images/cat.png' })
  const elsewhere: SpentAttempt = {
    ...{ id: '1', worker_id: 'worker-0', reason: null },
    alive_until: '2026-01-01T00:01:30.000Z',
  }
  const status = statusOfAttempt({ job, number: 1 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    elsewhere,
  ])
  await setup.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await setup.run()

  expect(setup.eventsOf('job-postponed')).toMatchObject([{ delaySeconds: 90 }])
  expect(setup.stages).toEqual([])
  expect(await setup.resultOf('cat')).toMatchObject({ failure: { class: 'exhausted' } })
})

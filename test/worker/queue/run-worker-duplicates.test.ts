import { expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aWorld, idOf } from './a-world.ts'

test('a message delivered after its job was done is removed at once', async () => {
  const world = aWorld({ pictures: ['cat'] })
  world.after(15, () => void world.send('cat'))

  await world.run()

  expect(world.stages.filter((stage) => stage.includes('render')).length).toBe(1)
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(world.jobs.messages()).toEqual([])
})

test('the same job by two messages at once is done once', async () => {
  const world = aWorld({ pictures: ['cat', 'cat'] })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(world.jobs.messages()).toEqual([])
})

test('uploads nothing where another worker did the job while this one rendered it', async () => {
  const key = resultKey(idOf('cat'))
  const world = aWorld({
    pictures: ['cat'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void world.store.create(key, body, { contentType: 'application/json' }, unaborted)
    },
  })

  await world.run()

  expect(world.store.keys().filter((stored) => stored.startsWith('jobs/'))).toEqual([key])
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(world.jobs.messages()).toEqual([])
})

test('makes no clip on the safer path where another worker did the job while this one rendered it', async () => {
  const world = aWorld({
    pictures: ['cat'],
    faultsOf: () => ['flickers'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void world.store.create(resultKey(idOf('cat')), body, { contentType: 'application/json' }, unaborted)
    },
  })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
})

test('asks whether the job is done before it begins, and while its clip is finished', async () => {
  const askedSeconds: number[] = []
  const world = aWorld({
    pictures: ['cat'],
    storeFaults: {
      before(operation, key) {
        const isQuestion = operation === 'head' && key === resultKey(idOf('cat'))
        if (isQuestion) askedSeconds.push(world.clock.elapsedMs() / 1000)
      },
    },
  })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(askedSeconds).toEqual([0, 11])
})

test('a second copy of a message waits while another worker renders the last attempt', async () => {
  const world = aWorld({ pictures: ['cat'], maxAttempts: 1, options: { untilIdleSeconds: 100 } })
  const job = aJobMessage({ picture: 'images/cat.png' })
  const elsewhere: SpentAttempt = {
    ...{ id: '1', worker_id: 'worker-0', reason: null },
    alive_until: '2026-01-01T00:01:30.000Z',
  }
  const status = statusOfAttempt({ job, number: 1 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    elsewhere,
  ])
  await world.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await world.run()

  expect(world.eventsOf('job-postponed')).toMatchObject([{ delaySeconds: 90 }])
  expect(world.stages).toEqual([])
  expect(await world.resultOf('cat')).toMatchObject({ failure: { class: 'exhausted' } })
})

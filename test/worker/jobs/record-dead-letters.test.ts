import { expect, test } from 'vitest'
import { reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { startAttempt } from '../../../worker/jobs/attempt.ts'
import { closeJob } from '../../../worker/jobs/close-job.ts'
import { recordDeadLetters } from '../../../worker/jobs/record-dead-letters.ts'
import { statusOf } from '../../../worker/jobs/status-of-attempt.ts'
import { encodeStatus } from '../../../worker/jobs/status-store.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue, type QueueOperation } from '../../fixtures/memory-message-queue.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aHeldJob } from './a-held-job.ts'
import { aJob } from './a-job.ts'
import { closingDeps } from './closing-deps.ts'

const deadLettersWith = async (bodies: readonly string[], faults: Faults<QueueOperation> = {}) => {
  const { store, deps, time } = closingDeps()
  const now = (): number => dateAt(time.nowMs()).getTime()
  const queue = openMemoryMessageQueue({ url: 'dead-letters', now, faults })
  await queue.send(
    bodies.map((body) => ({ body, groupId: 'a' })),
    unaborted,
  )
  const recorded: unknown[] = []
  const sweep = (signal = unaborted): Promise<void> =>
    recordDeadLetters({ ...deps, deadLetters: queue, onRecorded: (one) => recorded.push(one) }, signal)
  const visible = (): number => queue.messages().filter(({ visibleAtMs }) => visibleAtMs <= now()).length
  return { store, deps, queue, recorded, sweep, visible }
}

const bodyOf = (picture: string): string => JSON.stringify(aJob({ picture }))

test('a job without a record gets one that says that its attempts are used up', async () => {
  const job = aJob()
  const { store, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({
    state: 'failed',
    attempt: 3,
    job,
    failure: { class: 'exhausted', reason: expect.stringContaining('died') },
  })
  expect(await storedJson(store, statusKey(job.job_id))).toMatchObject({ state: 'failed' })
  expect(recorded).toEqual([{ messageId: 'message-1', jobId: job.job_id }])
})

test('its reason is the last that a worker gave', async () => {
  const job = aJob()
  const { store, sweep } = await deadLettersWith([JSON.stringify(job)])
  const change = { state: 'queued', message: 'the renderer was killed by SIGKILL' } as const
  const status = statusOf(startAttempt(job, 2, dateAt(0)), change, 'worker-1', dateAt(0))
  await store.put(statusKey(job.job_id), encodeStatus(status), { contentType: '' }, unaborted)

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({
    failure: { reason: 'the renderer was killed by SIGKILL' },
  })
})

test('a record that is there stays', async () => {
  const job = aJob()
  const { store, deps, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])
  await closeJob(aHeldJob({ job }).held, { state: 'cancelled' }, deps)

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({ state: 'cancelled' })
  expect(recorded).toEqual([])
})

test('a message that is no job is reported, once', async () => {
  const { store, queue, recorded, sweep } = await deadLettersWith(['{"version": 2}'])

  await sweep()
  await sweep()

  const report = ingestReportSchema.parse(await storedJson(store, reportKey('messages/message-1')))
  expect(report).toMatchObject({ bucket: queue.url, key: 'messages/message-1', state: 'rejected' })
  expect(report.faults[0]?.message).toMatch(/^version: /m)
  expect(recorded).toEqual([{ messageId: 'message-1', jobId: null }])
})

test('all messages stay, and are in sight again at once', async () => {
  const bodies = Array.from({ length: 23 }, (_, index) => bodyOf(`picture-${index}`))
  const { queue, recorded, sweep, visible } = await deadLettersWith([...bodies, 'no job'])

  await sweep()

  expect(recorded.length).toBe(24)
  expect(queue.messages().length).toBe(24)
  expect(visible()).toBe(24)
})

test('one that cannot be recorded does not hold up the others, and is there for the next look', async () => {
  const { store, deps, queue, recorded } = await deadLettersWith([bodyOf('cat'), bodyOf('dog')])
  let away = true
  const cat = resultKey(aJob({ picture: 'cat' }).job_id)
  const flaky = {
    ...store,
    head: (key: string, signal: AbortSignal) =>
      away && key === cat ? Promise.reject(new Error('503')) : store.head(key, signal),
  }
  const sweep = (): Promise<void> =>
    recordDeadLetters(
      { ...deps, store: flaky, deadLetters: queue, onRecorded: (one) => recorded.push(one) },
      unaborted,
    )

  await sweep()
  expect(recorded.length).toBe(1)
  away = false
  await sweep()

  expect(recorded.length).toBe(2)
})

test('a queue that is away fails nothing', async () => {
  const { recorded, sweep } = await deadLettersWith([bodyOf('cat')], {
    before(operation) {
      if (operation === 'receive') throw new Error('503')
    },
  })

  await sweep()

  expect(recorded).toEqual([])
})

test('a worker that has to go hands back what it holds', async () => {
  const controller = new AbortController()
  const { deps, queue, visible } = await deadLettersWith([bodyOf('cat'), bodyOf('dog')])
  const recorded: unknown[] = []

  await recordDeadLetters(
    {
      ...deps,
      deadLetters: queue,
      onRecorded(one) {
        recorded.push(one)
        controller.abort(new Error('SIGTERM'))
      },
    },
    controller.signal,
  )

  expect(recorded.length).toBe(1)
  expect(queue.messages().length).toBe(2)
  expect(visible()).toBe(2)
})

test('a look that takes so long that somebody else may have the message writes nothing', async () => {
  const job = aJob()
  const { store, deps, queue } = await deadLettersWith([JSON.stringify(job)])
  let ms = 0
  const clock = { ...deps.clock, elapsedMs: () => ms }
  const slow = {
    ...store,
    // The process slept, or the store did.
    head: (key: string, signal: AbortSignal) => {
      ms = 110_000
      return store.head(key, signal)
    },
  }

  await recordDeadLetters(
    { ...deps, clock, store: slow, deadLetters: queue, onRecorded: () => {} },
    unaborted,
  )

  expect(await storedJson(store, resultKey(job.job_id))).toBe(null)
})

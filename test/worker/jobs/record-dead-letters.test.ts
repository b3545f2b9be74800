import { expect, test } from 'vitest'
import { reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { closeJob } from '../../../worker/jobs/close-job.ts'
import { recordDeadLetters } from '../../../worker/jobs/record-dead-letters.ts'
import type { Ending } from '../../../worker/jobs/result-of-attempt.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import type { Faults } from '../../fixtures/faults.ts'
import { openMemoryMessageQueue, type QueueOperation } from '../../fixtures/memory-message-queue.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aLeasedJob } from './a-leased-job.ts'
import { aRejectedVideo } from './a-rejected-video.ts'
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

const bodyOf = (image: string): string => JSON.stringify(aJobMessage({ sourceKey: `images/${image}.png` }))

test('a job without a result gets a failed result from its dead-letter message', async () => {
  const job = aJobMessage()
  const { store, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({
    state: 'failed',
    attempt: 1,
    job,
    failure: {
      class: 'exhausted',
      reason:
        'the queue gave it up after as many deliveries as it allows, and no worker reported why it did not finish',
    },
  })
  expect(await storedJson(store, statusKey(job.job_id))).toMatchObject({ state: 'failed' })
  expect(recorded).toEqual([{ messageId: 'message-1', jobId: job.job_id }])
})

const GIVEN_UP = 'the queue gave it up after as many deliveries as it allows'
const RENDERING: SpentAttempt = {
  id: '0002-0000000000000000',
  worker_id: 'worker-7',
  reason: null,
  alive_until: '2026-01-01T00:00:00.000Z',
}

test.each([
  ['queued', 'SIGTERM', [], `${GIVEN_UP}; the last: SIGTERM`],
  [
    ...(['rendering', undefined, [RENDERING]] as const),
    `${GIVEN_UP}; the last: the worker worker-7 or its machine vanished while it rendered the job`,
  ],
] as const)(
  'the failure of a job that was %s has the last known reason',
  async (state, message, attempts, reason) => {
    const job = aJobMessage()
    const { store, sweep } = await deadLettersWith([JSON.stringify(job)])
    const change = { state, ...(message === undefined ? {} : { message }) }
    const status = statusOfAttempt({ job, number: 49 }, change, 'worker-1', dateAt(0), attempts)
    await store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

    await sweep()

    expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({ attempt: 49, failure: { reason } })
    expect(await storedJson(store, statusKey(job.job_id))).toMatchObject({ attempts })
  },
)

test('the result from a dead-letter message names the stored clips that failed their checks', async () => {
  const job = aJobMessage()
  const { store, sweep } = await deadLettersWith([JSON.stringify(job)])
  const rejected = [aRejectedVideo('0001-1111', 'worker-7')]
  const failed: SpentAttempt = { ...RENDERING, reason: 'black', failed_checks: true, rejected }
  const status = statusOfAttempt({ job, number: 2 }, { state: 'queued' }, 'worker-7', dateAt(0), [
    failed,
    RENDERING,
  ])
  await store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({ failure: { rejected } })
})

test('a job that another worker may render by a duplicate message gets no result yet', async () => {
  const job = aJobMessage()
  const { store, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])
  const alive = { ...RENDERING, alive_until: '2026-01-01T00:01:00.000Z' }
  const status = statusOfAttempt({ job, number: 2 }, { state: 'rendering' }, 'worker-7', dateAt(0), [alive])
  await store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toBe(null)
  expect(recorded).toEqual([])
})

test.each([
  ['succeeded', { state: 'succeeded', outputs: [] }, 0],
  ['was cancelled', { state: 'cancelled' }, 0],
  [
    'failed',
    { state: 'failed', failure: { class: 'exhausted', reason: 'a 503', quality: [], rejected: [] } },
    1,
  ],
] satisfies [string, Ending, number][])(
  'the dead-letter message of a job that %s is kept only if a redrive can use it',
  async (_, ending, left) => {
    const job = aJobMessage()
    const { deps, queue, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])
    await closeJob(aLeasedJob({ job }).leased, ending, { ...deps, deadLetters: null })

    await sweep()

    expect(queue.messages().length).toBe(left)
    expect(recorded).toEqual([])
  },
)

test('an existing result stays', async () => {
  const job = aJobMessage()
  const { store, deps, recorded, sweep } = await deadLettersWith([JSON.stringify(job)])
  await closeJob(aLeasedJob({ job }).leased, { state: 'cancelled' }, deps)

  await sweep()

  expect(await storedJson(store, resultKey(job.job_id))).toMatchObject({ state: 'cancelled' })
  expect(recorded).toEqual([])
})

test('a message that is not a job is reported once', async () => {
  const { store, queue, recorded, sweep } = await deadLettersWith(['{"version": 2}'])

  await sweep()
  await sweep()

  const report = ingestReportSchema.parse(await storedJson(store, reportKey('messages/message-1')))
  expect(report).toMatchObject({ bucket: queue.url, key: 'messages/message-1', state: 'rejected' })
  expect(report.faults[0]?.message).toMatch(/^version: /m)
  expect(recorded).toEqual([{ messageId: 'message-1', jobId: null }])
})

test('all dead-letter messages stay in the queue and become visible at once', async () => {
  const bodies = Array.from({ length: 23 }, (_, index) => bodyOf(`image-${index}`))
  const { queue, recorded, sweep, visible } = await deadLettersWith([...bodies, 'no job'])

  await sweep()

  expect(recorded.length).toBe(24)
  expect(queue.messages().length).toBe(24)
  expect(visible()).toBe(24)
})

test('a message that cannot be recorded does not delay others, and is recorded at the next check', async () => {
  const { store, deps, queue, recorded } = await deadLettersWith([bodyOf('cat'), bodyOf('dog')])
  let away = true
  const cat = resultKey(aJobMessage({ sourceKey: 'images/cat.png' }).job_id)
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

test('the check throws no error when the dead-letter queue does not answer', async () => {
  const { recorded, sweep } = await deadLettersWith([bodyOf('cat')], {
    before(operation) {
      if (operation === 'receive') throw new Error('503')
    },
  })

  await sweep()

  expect(recorded).toEqual([])
})

test('a draining worker makes its leased dead-letter messages visible at once', async () => {
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

test('a check that outlasts its lease of a message writes no result', async () => {
  const job = aJobMessage()
  const { store, deps, queue } = await deadLettersWith([JSON.stringify(job)])
  let ms = 0
  const clock = { ...deps.clock, elapsedMs: () => ms }
  const slow = {
    ...store,
    // The process or the store paused.
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

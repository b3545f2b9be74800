import { describe, expect, test } from 'vitest'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { encodeJobMessage } from '../../../shared/contracts/job-message.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { AttemptsSpentError } from '../../../worker/jobs/attempts-spent-error.ts'
import { closeDone } from '../../../worker/jobs/close-job.ts'
import { DrainingError } from '../../../worker/jobs/draining-error.ts'
import { JobCancelledError } from '../../../worker/jobs/job-cancelled-error.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { QualityError } from '../../../worker/jobs/quality/quality-error.ts'
import { settleFailure } from '../../../worker/jobs/settle-failure.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { crashOf } from '../../../worker/renderer/renderer-crashed.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { aLeasedJob } from './a-leased-job.ts'
import { aRejectedVideo } from './a-rejected-video.ts'
import { closingDeps } from './closing-deps.ts'
import { QUALITY } from './quality/a-quality.ts'

const AN_ATTEMPT: SpentAttempt = {
  ...{ id: '0001-1111', worker_id: 'worker-0', reason: 'black' },
  alive_until: '2026-01-01T00:00:00.000Z',
}

const RESULT = resultKey(aJobMessage().job_id)

test('invalid input is recorded as failed at once, and its message is removed', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob()

  const end = await settleFailure(new InvalidInputError('image', 'is no image'), leased, deps)

  expect(end.type).toBe('done')
  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    failure: { class: 'invalid-input', reason: 'image: is no image', quality: [] },
  })
  expect(statuses).toEqual([{ state: 'failed', message: 'image: is no image' }])
  expect(said).toEqual(['removed'])
})

test('a clip that does not fit into memory is recorded as failed at once, and its message is removed', async () => {
  const { deps, store } = closingDeps()
  const { leased, said } = aLeasedJob()
  const reason = 'memory: vae_decoder needs 40 GB, and 24 GB are there'

  const end = await settleFailure(new DoesNotFitError(reason), leased, deps)

  expect(end.type).toBe('done')
  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    failure: { class: 'does-not-fit', reason, quality: [] },
  })
  expect(said).toEqual(['removed'])
})

describe('clips that fail their checks', () => {
  const first = { ...QUALITY, faults: ['flickers'] }
  const second = { ...QUALITY, faults: ['flickers', 'is black'] }
  const reason = 'the clip did not pass its checks: flickers; is black'
  const rejected = [aRejectedVideo('0002-2222', 'worker-1')]
  const rejectedBefore = [aRejectedVideo('0001-1111', 'worker-0')]

  test('are retried, and the attempt counts', async () => {
    const { deps, store } = closingDeps()
    const { leased, said, statuses } = aLeasedJob()

    const end = await settleFailure(new QualityError([first, second], rejected), leased, deps)

    expect(end).toMatchObject({ type: 'retry', reason })
    expect(statuses).toEqual([
      { state: 'queued', message: reason, failed: true, failedChecks: true, rejected },
    ])
    expect(said).toEqual([expect.stringMatching(/^handed back for \d+ s$/)])
    expect(store.writes).toEqual([])
  })

  test('end as failed with the figures of each once another clip has passed on this worker', async () => {
    const { deps, store } = closingDeps()
    const { leased, said } = aLeasedJob()
    await settleFailure(new QualityError([first], []), aLeasedJob().leased, deps)
    deps.clips.notePassed()

    await settleFailure(new QualityError([first, second], []), leased, deps)

    expect(await storedJson(store, RESULT)).toMatchObject({
      failure: { class: 'quality', reason, quality: [first, second] },
    })
    expect(said).toEqual(['removed'])
  })

  test('end as failed and unconfirmed at the last attempt', async () => {
    const { deps, store, deadLetters } = closingDeps()
    const { leased } = aLeasedJob({ failedBefore: 2 })

    await settleFailure(new QualityError([second], []), leased, deps)

    expect(await storedJson(store, RESULT)).toMatchObject({
      failure: { class: 'quality', reason: `unconfirmed by another worker: ${reason}`, quality: [second] },
    })
    expect(deadLetters.messages()).toEqual([])
  })

  test('are recorded with the stored clips of this attempt and of earlier attempts', async () => {
    const { deps, store } = closingDeps()
    const { leased } = aLeasedJob({ failedBefore: 2, rejectedBefore })

    await settleFailure(new QualityError([second], rejected), leased, deps)

    expect(await storedJson(store, RESULT)).toMatchObject({
      failure: { class: 'quality', rejected: [...rejectedBefore, ...rejected] },
    })
  })

  test('are recorded with the stored clips of this attempt when earlier attempts cannot be read', async () => {
    const { deps, store } = closingDeps()
    await settleFailure(new QualityError([first], []), aLeasedJob().leased, deps)
    deps.clips.notePassed()
    const { leased } = aLeasedJob({ statusFails: true })

    await settleFailure(new QualityError([second], rejected), leased, deps)

    expect(await storedJson(store, RESULT)).toMatchObject({ failure: { class: 'quality', rejected } })
  })

  test.each([
    ['the last attempt crashed', (): Error => new Error('the renderer crashed')],
    [
      'no attempt was left',
      () => new AttemptsSpentError([{ ...AN_ATTEMPT, rejected: rejectedBefore, failed_checks: true }]),
    ],
  ])('are named in the result of a job whose attempts are spent, also when %s', async (_, error) => {
    const { deps, store } = closingDeps()
    const { leased } = aLeasedJob({ failedBefore: 2, rejectedBefore })

    await settleFailure(error(), leased, deps)

    expect(await storedJson(store, RESULT)).toMatchObject({
      failure: { class: 'exhausted', rejected: rejectedBefore },
    })
  })
})

test('a cancelled job is recorded as cancelled, and its message is removed', async () => {
  const { deps, store } = closingDeps()
  const { leased, said } = aLeasedJob()

  await settleFailure(new JobCancelledError('it was asked to stop'), leased, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({ state: 'cancelled', failure: null, outputs: [] })
  expect(said).toEqual(['removed'])
})

test('any other error is retried after a delay that grows with each failure', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob({ attempt: 7, failedBefore: 1 })

  const end = await settleFailure(new Error('the renderer crashed'), leased, deps)

  expect(end).toEqual({ type: 'retry', reason: 'the renderer crashed', delaySeconds: 60 })
  expect(said).toEqual(['handed back for 60 s'])
  expect(statuses).toEqual([{ state: 'queued', message: 'the renderer crashed', failed: true }])
  expect(store.writes).toEqual([])
})

test('an error at the last attempt is recorded as exhausted, and the message becomes a dead-letter message', async () => {
  const { deps, store, deadLetters } = closingDeps()
  const { leased, said } = aLeasedJob({ attempt: 7, failedBefore: 2 })
  const { job } = leased.attempt

  await settleFailure(new Error('the renderer crashed'), leased, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    attempt: 7,
    failure: { class: 'exhausted', reason: 'the renderer crashed', quality: [] },
  })
  expect(deadLetters.messages()).toMatchObject([{ body: encodeJobMessage(job), groupId: job.group }])
  expect(said).toEqual(['removed'])
})

test('a message that the dead-letter queue refuses stays, and its next delivery sends it there', async () => {
  const { deps, deadLetters } = closingDeps()
  const refusing = { send: () => Promise.reject(new Error('503')) }
  const first = aLeasedJob({ failedBefore: 2 })
  await settleFailure(new Error('the renderer crashed'), first.leased, { ...deps, deadLetters: refusing })
  expect(first.said).toEqual([])

  const second = aLeasedJob({ failedBefore: 3 })
  expect(await closeDone(second.leased, deps)).toEqual({ type: 'done-before' })

  expect(deadLetters.messages().length).toBe(1)
  expect(second.said).toEqual(['removed'])
})

test('a job whose attempts are spent fails with the reason of the last attempt', async () => {
  const { deps, store } = closingDeps()
  const { leased } = aLeasedJob({ failedBefore: 3 })
  const attempts = await leased.status.readAttempts(leased.signal)
  const vanished = { ...attempts[2]!, reason: null }

  await settleFailure(new AttemptsSpentError([...attempts.slice(0, 2), vanished]), leased, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({
    failure: {
      class: 'exhausted',
      reason: 'the worker worker-0 or its machine vanished while it rendered the job',
    },
  })
})

test('a job for another worker is postponed longer with each delivery, and no attempt counts', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob({ attempt: 3, failedBefore: 2 })
  const waitsForModel = { id: 'svd-xt', sha256: 'a'.repeat(64) }
  const error = new PostponedError('it is for svd-xt', { workersFault: false, waitsForModel })

  const end = await settleFailure(error, leased, deps)

  const reason = 'it is for svd-xt'
  expect(end).toEqual({
    ...{ type: 'postponed', reason, delaySeconds: 240, workersFault: false, waitsForModel },
  })
  expect(said).toEqual(['handed back for 240 s'])
  expect(statuses).toEqual([{ state: 'queued', message: reason, waitsForModel }])
  expect(store.writes).toEqual([])
})

const ENOSPC = Object.assign(new Error('ENOSPC: disk is full'), { code: 'ENOSPC' })

test.each([
  ['a full disk', ENOSPC],
  ['memory that other processes use', new DoesNotFitError('memory: others use it', { fitsLater: true })],
  [
    'a full disk as the cause of another error',
    new Error('the poster could not be written', { cause: ENOSPC }),
  ],
  [
    'a full disk that ffmpeg reports',
    new Error('ffmpeg exited with code 1: video.mp4: No space left on device'),
  ],
  [
    'a process that cannot be started',
    crashOf({
      exitCode: null,
      signal: null,
      lastStderr: '',
      cause: Object.assign(new Error('spawn'), { code: 'EAGAIN' }),
    }),
  ],
])('%s is a fault of the machine, so the job is postponed and no attempt counts', async (_, error) => {
  const { deps } = closingDeps()
  const { leased, statuses } = aLeasedJob({ failedBefore: 2 })

  const end = await settleFailure(error, leased, deps)

  expect(end).toMatchObject({ type: 'postponed', workersFault: true, delaySeconds: 30 })
  expect(statuses).toEqual([expect.not.objectContaining({ failed: true })])
})

test('a draining worker returns the job to the queue at once', async () => {
  const { deps, store } = closingDeps()
  const { leased, said } = aLeasedJob({ failedBefore: 2 })

  const end = await settleFailure(new DrainingError('SIGTERM'), leased, deps)

  expect(end).toEqual({ type: 'released', reason: 'SIGTERM' })
  expect(said).toEqual(['handed back for 0 s'])
  expect(store.writes).toEqual([])
})

test('a job whose GPU is lost returns to the queue at once, also at its last attempt', async () => {
  const { deps, store } = closingDeps()
  const { leased, said } = aLeasedJob({ failedBefore: 2 })

  const end = await settleFailure(new CardUnusableError('the card is lost'), leased, deps)

  expect(end).toEqual({ type: 'released', reason: 'the card is lost' })
  expect(said).toEqual(['handed back for 0 s'])
  expect(store.writes).toEqual([])
})

test('a job whose lease is lost is abandoned without a result', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob()

  const end = await settleFailure(new LeaseLostError('somebody else has it'), leased, deps)

  expect(end).toEqual({ type: 'abandoned', reason: 'somebody else has it', leaseLost: true })
  expect(said).toEqual([])
  expect(statuses).toEqual([{ state: 'queued', message: 'somebody else has it' }])
  expect(store.writes).toEqual([])
})

test('a failure that cannot be recorded is postponed, and no attempt counts', async () => {
  const { deps, settled } = closingDeps({
    before(operation) {
      if (operation === 'create') throw new Error('503')
    },
  })
  const { leased, said, statuses } = aLeasedJob()

  const end = await settled(settleFailure(new InvalidInputError('image', 'is no image'), leased, deps))

  const reason = 'image: is no image; then: the bucket memory does not answer: 503'
  expect(end).toMatchObject({ type: 'postponed', reason })
  expect(said).toEqual(['handed back for 30 s'])
  expect(statuses).toEqual([{ state: 'queued', message: reason, waitsForModel: null }])
})

test('a failure is recorded although the first four writes fail', async () => {
  let failures = 4
  const { deps, settled, store } = closingDeps({
    before(operation) {
      if (operation === 'create' && failures-- > 0) throw new Error('503')
    },
  })
  const { leased } = aLeasedJob()

  const end = await settled(settleFailure(new InvalidInputError('image', 'is no image'), leased, deps))

  expect(end.type).toBe('done')
  expect(await storedJson(store, RESULT)).toMatchObject({ failure: { class: 'invalid-input' } })
})

test('a failed attempt counts, also when its message cannot be returned to the queue', async () => {
  const { deps } = closingDeps()
  const { leased, statuses } = aLeasedJob({ queueFailure: new Error('503') })

  await settleFailure(new Error('the renderer crashed'), leased, deps)

  expect(statuses.map((change) => change?.failed)).toEqual([true, true, true])
})

test('a failure is not recorded when the lease was lost meanwhile', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, loseLease } = aLeasedJob()
  loseLease()

  const end = await settleFailure(new InvalidInputError('image', 'is no image'), leased, deps)

  expect(end.type).toBe('abandoned')
  expect(said).toEqual([])
  expect(store.writes).toEqual([])
})

test('a job whose message cannot be returned to the queue is left until its lease ends', async () => {
  const { deps } = closingDeps()
  const { leased } = aLeasedJob({ queueFailure: new Error('503') })

  const end = await settleFailure(new Error('the renderer crashed'), leased, deps)

  expect(end).toEqual({ type: 'abandoned', reason: 'the renderer crashed; then: 503', leaseLost: false })
})

test('a reason is cut to 2000 characters', async () => {
  const { deps } = closingDeps()
  const { leased } = aLeasedJob()

  const end = await settleFailure(new Error('x'.repeat(1_000_000)), leased, deps)

  expect(end).toMatchObject({ reason: `${'x'.repeat(2_000)}…` })
})

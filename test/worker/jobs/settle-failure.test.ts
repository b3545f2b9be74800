import { expect, test } from 'vitest'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { DrainingError } from '../../../worker/jobs/draining-error.ts'
import { JobCancelledError } from '../../../worker/jobs/job-cancelled-error.ts'
import { QualityError } from '../../../worker/jobs/quality-error.ts'
import { settleFailure } from '../../../worker/jobs/settle-failure.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { aHeldJob } from './a-held-job.ts'
import { aJob } from './a-job.ts'
import { QUALITY } from './a-quality.ts'
import { closingDeps } from './closing-deps.ts'

const RESULT = resultKey(aJob().job_id)

test('what can never work is recorded as failed at once, and its message removed', async () => {
  const { deps, store } = closingDeps()
  const { held, said, statuses } = aHeldJob()

  const end = await settleFailure(new InvalidInputError('image', 'is no picture'), held, deps)

  expect(end.type).toBe('done')
  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    failure: { class: 'invalid-input', reason: 'image: is no picture', quality: [] },
  })
  expect(statuses).toEqual([{ state: 'failed', message: 'image: is no picture' }])
  expect(said).toEqual(['removed'])
})

test('a clip that does not fit is recorded at once, and its message removed', async () => {
  const { deps, store } = closingDeps()
  const { held, said } = aHeldJob()
  const reason = 'memory: vae_decoder needs 40 GB, and 24 GB are there'

  const end = await settleFailure(new DoesNotFitError(reason), held, deps)

  expect(end.type).toBe('done')
  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    failure: { class: 'does-not-fit', reason, quality: [] },
  })
  expect(said).toEqual(['removed'])
})

test('clips that do not pass are recorded with the figures of each', async () => {
  const { deps, store } = closingDeps()
  const { held } = aHeldJob()
  const first = { ...QUALITY, faults: ['flickers'] }
  const second = { ...QUALITY, faults: ['flickers', 'is black'] }

  await settleFailure(new QualityError([first, second]), held, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({
    failure: {
      class: 'quality',
      reason: 'the clip did not pass its checks: flickers; is black',
      quality: [first, second],
    },
  })
})

test('a cancelled job is recorded as such, and its message removed', async () => {
  const { deps, store } = closingDeps()
  const { held, said } = aHeldJob()

  await settleFailure(new JobCancelledError('it was asked to stop'), held, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({ state: 'cancelled', failure: null, outputs: [] })
  expect(said).toEqual(['removed'])
})

test('anything else is tried again, later each time', async () => {
  const { deps, store } = closingDeps()
  const { held, said, statuses } = aHeldJob({ attempt: 2 })

  const end = await settleFailure(new Error('the renderer crashed'), held, deps)

  expect(end).toEqual({ type: 'retry', reason: 'the renderer crashed', delaySeconds: 60 })
  expect(said).toEqual(['handed back for 60 s'])
  expect(statuses).toEqual([{ state: 'queued', message: 'the renderer crashed' }])
  expect(store.writes).toEqual([])
})

test('after the last attempt it is recorded as exhausted, and the queue moves its message away', async () => {
  const { deps, store } = closingDeps()
  const { held, said } = aHeldJob({ attempt: 3 })

  await settleFailure(new Error('the renderer crashed'), held, deps)

  expect(await storedJson(store, RESULT)).toMatchObject({
    state: 'failed',
    attempt: 3,
    failure: { class: 'exhausted', reason: 'the renderer crashed', quality: [] },
  })
  expect(said).toEqual(['handed back for 0 s'])
})

test('a worker that has to go hands the job back at once', async () => {
  const { deps, store } = closingDeps()
  const { held, said } = aHeldJob({ attempt: 3 })

  const end = await settleFailure(new DrainingError('SIGTERM'), held, deps)

  expect(end).toEqual({ type: 'released', reason: 'SIGTERM' })
  expect(said).toEqual(['handed back for 0 s'])
  expect(store.writes).toEqual([])
})

test('a job whose card is lost goes back at once, also on its last attempt', async () => {
  const { deps, store } = closingDeps()
  const { held, said } = aHeldJob({ attempt: 3 })

  const end = await settleFailure(new CardUnusableError('the card is lost'), held, deps)

  expect(end).toEqual({ type: 'released', reason: 'the card is lost' })
  expect(said).toEqual(['handed back for 0 s'])
  expect(store.writes).toEqual([])
})

test('a job that was lost is left alone', async () => {
  const { deps, store } = closingDeps()
  const { held, said, statuses } = aHeldJob()

  const end = await settleFailure(new LeaseLostError('somebody else has it'), held, deps)

  expect(end).toEqual({ type: 'abandoned', reason: 'somebody else has it' })
  expect(said).toEqual([])
  expect(statuses).toEqual([null])
  expect(store.writes).toEqual([])
})

test('a failure that cannot be recorded is tried again', async () => {
  const { deps } = closingDeps({
    before(operation) {
      if (operation === 'create') throw new Error('503')
    },
  })
  const { held, said } = aHeldJob()

  const end = await settleFailure(new InvalidInputError('image', 'is no picture'), held, deps)

  expect(end).toMatchObject({ type: 'retry', reason: 'image: is no picture; then: 503' })
  expect(said).toEqual(['handed back for 30 s'])
})

test('a failure that cannot be recorded because the job was lost meanwhile is left alone', async () => {
  const { deps, store } = closingDeps()
  const { held, said, loseLease } = aHeldJob()
  loseLease()

  const end = await settleFailure(new InvalidInputError('image', 'is no picture'), held, deps)

  expect(end.type).toBe('abandoned')
  expect(said).toEqual([])
  expect(store.writes).toEqual([])
})

test('a job that cannot even be handed back comes back by itself', async () => {
  const { deps } = closingDeps()
  const { held } = aHeldJob({ queueFailure: new Error('503') })

  const end = await settleFailure(new Error('the renderer crashed'), held, deps)

  expect(end).toEqual({ type: 'abandoned', reason: 'the renderer crashed; then: 503' })
})

test('a reason that quotes a whole page is cut', async () => {
  const { deps } = closingDeps()
  const { held } = aHeldJob()

  const end = await settleFailure(new Error('x'.repeat(1_000_000)), held, deps)

  expect(end).toMatchObject({ reason: `${'x'.repeat(2_000)}…` })
})

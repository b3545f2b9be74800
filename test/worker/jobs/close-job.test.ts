import { expect, test } from 'vitest'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { closeDone, closeJob } from '../../../worker/jobs/close-job.ts'
import { storedJson } from '../../fixtures/stored-json.ts'
import { aLeasedJob } from './a-leased-job.ts'
import { closingDeps } from './closing-deps.ts'
import { QUALITY } from './quality/a-quality.ts'

const FILE = { key: 'jobs/x/video.mp4', size_bytes: 3, sha256: 'a'.repeat(64) }
const SUCCEEDED = {
  state: 'succeeded',
  outputs: [{ video: FILE, poster: FILE, frames: 14, quality: QUALITY }],
} as const

test('closeJob writes the result, then the status, and then removes the message', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob()
  const { job } = leased.attempt

  const end = await closeJob(leased, SUCCEEDED, deps)

  expect(end.type).toBe('done')
  expect(await storedJson(store, resultKey(job.job_id))).toEqual({
    version: 1,
    job_id: job.job_id,
    state: 'succeeded',
    attempt: 1,
    job,
    outputs: SUCCEEDED.outputs,
    failure: null,
    started_at: '2026-01-01T00:01:00.000Z',
    finished_at: '2026-01-01T00:00:00.000Z',
    seconds: null,
    device_seconds: 0,
    cost_usd: 0,
    safer_path: false,
    decode_chunk_size: null,
    decode_fallbacks: null,
    worker: {
      ...{ id: 'worker-1', version: '0.1.0', execution_provider: 'cpu' },
      ...{ device: 'a processor', precision: 'fp32' },
    },
  })
  expect(statuses).toEqual([{ state: 'succeeded' }])
  expect(said).toEqual(['removed'])
})

test('the status of a clip with warnings has the warnings as its message', async () => {
  const { deps } = closingDeps()
  const { leased, statuses } = aLeasedJob()
  const [output] = SUCCEEDED.outputs
  const warned = { ...output, quality: { ...QUALITY, warnings: ['likeness: low', 'seams: high'] } }

  await closeJob(leased, { state: 'succeeded', outputs: [warned, warned] }, deps)

  expect(statuses).toEqual([
    { state: 'succeeded', message: 'published with warnings: likeness: low; seams: high' },
  ])
})

test('the result has the seconds of each stage and the cost', async () => {
  const { deps, store } = closingDeps()
  const { leased } = aLeasedJob()
  Object.assign(leased.attempt, {
    prepareSeconds: 0.5,
    rendered: { load: 1, encodeImage: 2, denoise: 3, decode: 4 },
    finished: { encodeVideo: 5, check: 6 },
    publishSeconds: 7,
    deviceSeconds: 10,
    fallbackDecode: true,
    decodeChunk: 3,
    decodeFallbacks: 2,
  })

  await closeJob(leased, SUCCEEDED, deps)

  expect(await storedJson(store, resultKey(leased.attempt.job.job_id))).toMatchObject({
    seconds: {
      waiting: 60,
      prepare: 0.5,
      load: 1,
      encode_image: 2,
      denoise: 3,
      decode: 4,
      encode_video: 5,
      check: 6,
      publish: 7,
    },
    device_seconds: 10,
    cost_usd: 0.01,
    safer_path: true,
    decode_chunk_size: 3,
    decode_fallbacks: 2,
  })
})

test('closeJob publishes nothing when the lease is lost', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, loseLease } = aLeasedJob()
  loseLease()

  await expect(closeJob(leased, SUCCEEDED, deps)).rejects.toBeInstanceOf(LeaseLostError)

  expect(store.writes).toEqual([])
  expect(said).toEqual([])
})

test('an existing result stays, the message is removed, and the status follows the existing result', async () => {
  const { deps, store } = closingDeps()
  await closeJob(aLeasedJob().leased, { state: 'cancelled' }, deps)
  const { leased, said, statuses } = aLeasedJob({ attempt: 2 })

  const end = await closeJob(leased, SUCCEEDED, deps)

  expect(end).toEqual({ type: 'done-before' })
  expect(await storedJson(store, resultKey(leased.attempt.job.job_id))).toMatchObject({ state: 'cancelled' })
  expect(statuses).toEqual([{ state: 'cancelled' }])
  expect(said).toEqual(['removed'])
})

test('a result that an earlier try of the same request wrote counts as written by this attempt', async () => {
  const { deps, store } = closingDeps()
  const { leased } = aLeasedJob()
  const triedTwice = {
    ...store,
    async create(...request: Parameters<typeof store.create>) {
      await store.create(...request)
      return store.create(...request)
    },
  }

  expect(await closeJob(leased, SUCCEEDED, { ...deps, store: triedTwice })).toMatchObject({ type: 'done' })
})

test('a result with the files of another attempt does not count as written by this attempt', async () => {
  const { deps } = closingDeps()
  await closeJob(aLeasedJob().leased, SUCCEEDED, deps)
  const video = { ...FILE, key: 'jobs/x/attempts/0001-0000000000000001/video.mp4' }
  const outputs = [{ ...SUCCEEDED.outputs[0], video }]

  const end = await closeJob(aLeasedJob().leased, { state: 'succeeded', outputs }, deps)

  expect(end).toEqual({ type: 'done-before' })
})

test('a result with figures that JSON cannot represent is not written', async () => {
  const { deps, store } = closingDeps()
  const quality = { ...QUALITY, first_frame_psnr_db: Number.NaN }
  const outputs = [{ ...SUCCEEDED.outputs[0], quality }]

  const closing = closeJob(aLeasedJob().leased, { state: 'succeeded', outputs }, deps)

  await expect(closing).rejects.toThrow(/first_frame_psnr_db/)
  expect(store.writes).toEqual([])
})

test('the message stays in the queue when the result cannot be written', async () => {
  const { deps, settled } = closingDeps({
    before(operation) {
      if (operation === 'create') throw new Error('503')
    },
  })
  const { leased, said } = aLeasedJob()

  await expect(settled(closeJob(leased, SUCCEEDED, deps))).rejects.toThrow('503')

  expect(said).toEqual([])
})

test('a job is completed when its result is written, even if its message cannot be removed', async () => {
  const { deps } = closingDeps()
  const { leased } = aLeasedJob({ queueFailure: new Error('503') })

  expect(await closeJob(leased, SUCCEEDED, deps)).toMatchObject({ type: 'done' })
})

test('the message of a completed job is removed, and its status is corrected', async () => {
  const { deps } = closingDeps()
  await closeJob(aLeasedJob().leased, SUCCEEDED, deps)
  const { leased, said, statuses } = aLeasedJob({ attempt: 2 })

  expect(await closeDone(leased, deps)).toEqual({ type: 'done-before' })

  expect(said).toEqual(['removed'])
  expect(statuses).toEqual([{ state: 'succeeded' }])
})

test('a result in a later version of the contract completes a job too', async () => {
  const { deps, store } = closingDeps()
  const { leased, said, statuses } = aLeasedJob()
  const body = new TextEncoder().encode('{"version": 2}')
  await store.put(
    resultKey(leased.attempt.job.job_id),
    body,
    { contentType: 'application/json' },
    leased.signal,
  )

  expect(await closeDone(leased, deps)).toEqual({ type: 'done-before' })

  expect(said).toEqual(['removed'])
  expect(statuses).toEqual([null])
})

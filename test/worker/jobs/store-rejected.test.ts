import { expect, test } from 'vitest'
import { REJECTED_TAG } from '../../../shared/contracts/bucket-layout.ts'
import { storeRejected } from '../../../worker/jobs/store-rejected.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aFinishedVideo } from './a-finished-video.ts'
import { closingDeps } from './closing-deps.ts'
import { QUALITY } from './quality/a-quality.ts'

const { job_id: jobId } = aJobMessage()
const ATTEMPT = { jobId, attemptId: '0002-2222222222222222', workerId: 'worker-1' }
const FOLDER = `jobs/${jobId}/rejected/0002-2222222222222222`
const BLACK = { ...QUALITY, faults: ['black: frame 0'] }

test('storeRejected uploads video and poster into the folder of the attempt, and returns keys and faults', async () => {
  const { store, deps } = closingDeps()
  const finished = await aFinishedVideo('first', BLACK)
  const { video, poster } = finished

  const stored = await storeRejected(store, ATTEMPT, [finished], {
    clock: deps.clock,
    signal: unaborted,
  })

  expect(stored).toEqual({
    failure: null,
    rejected: [
      {
        ...{ attempt_id: ATTEMPT.attemptId, worker_id: 'worker-1', frames: 14, quality: BLACK },
        video: { key: `${FOLDER}/video.mp4`, size_bytes: 11, sha256: video.sha256 },
        poster: { key: `${FOLDER}/video.poster.png`, size_bytes: 12, sha256: poster.sha256 },
        files: [{ format: 'mp4', key: `${FOLDER}/video.mp4`, size_bytes: 11, sha256: video.sha256 }],
      },
    ],
  })
  expect(store.keys()).toEqual([`${FOLDER}/video.mp4`, `${FOLDER}/video.poster.png`])
})

test('storeRejected sets the content type of each file and the tag by which it expires', async () => {
  const { store, deps } = closingDeps()

  await storeRejected(store, ATTEMPT, [await aFinishedVideo('first', BLACK)], {
    clock: deps.clock,
    signal: unaborted,
  })

  for (const key of store.keys())
    expect(store.tagsOf(key)).toEqual({ [REJECTED_TAG.name]: REJECTED_TAG.value })
  expect(store.writes.map(({ contentType }) => contentType)).toEqual(['video/mp4', 'image/png'])
})

test('storeRejected uploads all videos of a job, also those that passed', async () => {
  const { store, deps } = closingDeps()
  const videos = [await aFinishedVideo('a', BLACK), await aFinishedVideo('b', QUALITY)]

  const { rejected } = await storeRejected(store, ATTEMPT, videos, {
    clock: deps.clock,
    signal: unaborted,
  })

  expect(rejected.map(({ video, quality }) => [video.key, quality.faults])).toEqual([
    [`${FOLDER}/video-0.mp4`, BLACK.faults],
    [`${FOLDER}/video-1.mp4`, []],
  ])
})

test('storeRejected returns the uploaded videos and the reason when an upload fails', async () => {
  const { store, deps } = closingDeps({
    before(operation, key) {
      if (operation === 'create' && key.endsWith('video-1.mp4')) throw new Error('AccessDenied')
    },
  })
  const videos = [await aFinishedVideo('a', BLACK), await aFinishedVideo('b', BLACK)]

  const { rejected, failure } = await storeRejected(store, ATTEMPT, videos, {
    clock: deps.clock,
    signal: unaborted,
  })

  expect(rejected.map(({ video }) => video.key)).toEqual([`${FOLDER}/video-0.mp4`])
  expect(failure).toBe('AccessDenied')
})

test('storeRejected ends after 60 s when the store does not answer', async () => {
  const { store, deps, settled } = closingDeps()
  const silent = { ...store, create: (...[, , , signal]: Parameters<typeof store.create>) => never(signal) }

  const stored = await settled(
    storeRejected(silent, ATTEMPT, [await aFinishedVideo('a', BLACK)], {
      clock: deps.clock,
      signal: unaborted,
    }),
  )

  expect(stored).toEqual({ rejected: [], failure: 'no answer within 60 s' })
})

test('storeRejected throws the reason of its signal', async () => {
  const { store, deps } = closingDeps()
  const signal = AbortSignal.abort(new Error('the lease was lost'))

  const storing = storeRejected(store, ATTEMPT, [await aFinishedVideo('a', BLACK)], {
    clock: deps.clock,
    signal,
  })

  await expect(storing).rejects.toThrow('the lease was lost')
})

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test('a worker removes the local files of an attempt after their upload and before it writes the result', async () => {
  const folders: string[][] = []
  const setup = workerSetup({
    images: ['cat'],
    storeFaults: {
      before(operation, key) {
        if (operation === 'create' && key.startsWith('jobs/')) folders.push([...setup.disk.folders()])
      },
    },
  })

  await setup.run()

  expect(folders).toEqual([['/scratch/job-1'], ['/scratch/job-1'], []])
})

test('an attempt that fails after uploading its video leaves it, and the next attempt uploads under its own keys', async () => {
  let failures = 5
  const setup = workerSetup({
    images: ['cat'],
    storeFaults: {
      before(operation, key) {
        if (operation === 'create' && key.endsWith('.poster.png') && failures-- > 0) throw new Error('503')
      },
    },
    options: { untilIdleSeconds: 60 },
  })

  await setup.run()

  const folder = `jobs/${idOf('cat')}`
  const files = (attempt: string) => `${folder}/attempts/${attempt}-8000000080000000/video`
  expect(setup.store.keys().filter((key) => key.startsWith('jobs/'))).toEqual([
    `${files('0001')}.mp4`,
    ...[`${files('0002')}.mp4`, `${files('0002')}.poster.png`],
    `${folder}/result.json`,
  ])
  expect(await setup.resultOf('cat')).toMatchObject({
    attempt: 2,
    outputs: [{ video: { key: `${files('0002')}.mp4` }, poster: { key: `${files('0002')}.poster.png` } }],
  })
})

test('a job that fails is retried later and does not delay other jobs', async () => {
  let failures = 1
  const setup = workerSetup({
    images: ['bad', 'good'],
    onStage(stage, image) {
      if (stage === 'render' && image === 'bad' && failures-- > 0) throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 60 },
  })

  await setup.run()

  expect(setup.eventsOf('job-retry')).toEqual([
    { type: 'job-retry', jobId: idOf('bad'), attempt: 1, reason: 'out of memory', delaySeconds: 30 },
  ])
  expect(await setup.resultOf('good')).toMatchObject({ state: 'succeeded' })
  expect(await setup.resultOf('bad')).toMatchObject({ state: 'succeeded', attempt: 2 })
})

test('a job whose attempts all fail gets a failed result and a dead-letter message', async () => {
  const setup = workerSetup({
    images: ['bad'],
    onStage(stage) {
      if (stage === 'render') throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 100 },
  })

  await setup.run()

  expect(await setup.resultOf('bad')).toMatchObject({
    state: 'failed',
    attempt: 3,
    failure: { class: 'exhausted', reason: 'out of memory' },
  })
  expect(setup.jobs.messages()).toEqual([])
  expect(setup.deadLetters.messages().length).toBe(1)
})

test('a job with an invalid image fails at its first attempt', async () => {
  const setup = workerSetup({
    images: ['bad'],
    onStage() {
      throw new InvalidInputError('image', 'is no image')
    },
  })

  await setup.run()

  expect(await setup.resultOf('bad')).toMatchObject({ attempt: 1, failure: { class: 'invalid-input' } })
  expect(setup.jobs.messages()).toEqual([])
})

describe('a job that needs more than the 12 hours of a lease fails', () => {
  const USUAL = { width: 1024, height: 576, num_frames: 25 }
  const LONG = { ...USUAL, num_inference_steps: 1000, num_videos_per_prompt: 64 }

  test('before its render, by the step time of earlier clips', async () => {
    const setup = workerSetup({
      images: ['first', 'long', 'last'],
      parametersOf: (image) => (image === 'long' ? { ...LONG, num_frames: 250 } : USUAL),
    })

    await setup.run()

    expect(await setup.resultOf('long')).toMatchObject({
      ...{ state: 'failed', attempt: 1, device_seconds: 0 },
      failure: {
        class: 'does-not-fit',
        reason: expect.stringMatching(
          /^time: denoising takes at least 17\.8 h on this worker \(1000 steps x num_videos_per_prompt 64, each 1 s, m/,
        ),
      },
    })
    expect(setup.stages.filter((stage) => stage.includes(' render '))).toEqual([
      expect.stringContaining('render first'),
      expect.stringContaining('render last'),
    ])
    expect(await setup.resultOf('last')).toMatchObject({ state: 'succeeded' })
    expect(setup.jobs.messages()).toEqual([])
    expect(setup.deadLetters.messages()).toEqual([])
  })

  test('before its render, by the step time that the planner counted', async () => {
    const counted = { secondsPerPixel: 1 / (2 * 1024 * 576 * 25), source: 'counted' } as const
    const setup = workerSetup({ images: ['long'], parametersOf: () => LONG, countedSpeed: counted })

    await setup.run()

    expect(await setup.resultOf('long')).toMatchObject({
      ...{
        device_seconds: 0,
        failure: { class: 'does-not-fit', reason: expect.stringContaining('each 1 s, counted,') },
      },
    })
  })

  test('after a tenth of its own steps when no step time was known', async () => {
    const setup = workerSetup({ images: ['long'], parametersOf: () => LONG, seconds: { render: 100 } })

    await setup.run()

    const result = await setup.resultOf('long')
    expect(result).toMatchObject({
      ...{ state: 'failed', attempt: 1, device_seconds: 10 },
      failure: { class: 'does-not-fit', reason: expect.stringContaining('at least 17.8 h') },
    })
    expect(setup.jobs.messages()).toEqual([])
  })
})

test('a message that is not a job becomes a dead-letter message, which the worker reports', async () => {
  const setup = workerSetup({ options: { untilIdleSeconds: 150 } })
  await setup.jobs.send([{ body: 'hello', groupId: 'x' }], unaborted)

  await setup.run()

  expect(setup.eventsOf('message-malformed').length).toBe(3)
  expect(setup.jobs.messages()).toEqual([])
  expect(setup.deadLetters.messages().length).toBe(1)
  expect(setup.store.keys()).toEqual(['reports/messages/message-1.json'])
})

test('a worker shuts down as failing after three different jobs failed in a row, and all messages stay queued', async () => {
  const setup = workerSetup({
    images: ['a', 'b', 'c', 'd', 'e', 'f'],
    onStage(stage) {
      if (stage === 'render') throw new Error('the renderer was killed by SIGSEGV')
    },
  })

  const end = await setup.run()

  expect(end).toEqual({ reason: '3 different jobs failed in a row on this worker', jobs: 0, failing: true })
  expect(setup.eventsOf('job-retry').length).toBe(3)
  expect(setup.jobs.messages().length).toBe(6)
})

test('a worker does not shut down when one job keeps failing or other jobs succeed in between', async () => {
  const broken = new Set(['bad', 'worse'])
  const setup = workerSetup({
    images: ['bad', 'a', 'worse', 'b'],
    onStage(stage, image) {
      if (stage === 'render' && broken.has(image)) throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 3600 },
  })

  const end = await setup.run()

  expect(end).toMatchObject({ reason: 'idle for 3600 s', failing: false })
  expect(await setup.resultOf('a')).toMatchObject({ state: 'succeeded' })
  expect(await setup.resultOf('worse')).toMatchObject({ state: 'failed' })
})

test('a worker that loses its GPU returns its jobs to the queue, receives no more, and exits as failing', async () => {
  let renders = 0
  const setup = workerSetup({
    images: ['a', 'b', 'c'],
    seconds: { prepare: 1 },
    onStage(stage) {
      if (stage !== 'render') return
      renders++
      throw new CardUnusableError('denoise_step: the card is lost')
    },
    options: { untilIdleSeconds: 3600 },
  })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'denoise_step: the card is lost', jobs: 0, failing: true })
  expect(setup.eventsOf('job-retry')).toEqual([])
  expect(renders).toBe(1)
  const received = setup.eventsOf('job-received').map(({ jobId }) => jobId)
  expect(received).not.toContain(idOf('c'))
  expect(
    setup
      .eventsOf('job-released')
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual(received.toSorted())
  expect(received).toContain(idOf('a'))
  expect(setup.visible()).toBe(3)
})

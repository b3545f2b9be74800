import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { workerSetup } from './worker-setup.ts'

test('a worker publishes a clip for each job and removes the message of the job', async () => {
  const setup = workerSetup({ images: ['cat', 'dog'] })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'idle for 5 s', jobs: 2, failing: false })
  expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded', attempt: 1, device_seconds: 10 })
  expect(await setup.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(setup.jobs.messages()).toEqual([])
})

test('a worker prepares the next job and finishes the previous one while a job renders', async () => {
  const setup = workerSetup({ images: ['a', 'b', 'c'] })

  await setup.run()

  expect(setup.stages).toEqual([
    '0 prepare a',
    '1 render a',
    '1 prepare b',
    '11 finish a',
    '11 render b',
    '11 prepare c',
    '21 finish b',
    '21 render c',
    '31 finish c',
  ])
  expect(setup.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, 0, 0])
})

test('a worker leaves no listener on the signal of a job that has ended', async () => {
  const setup = workerSetup({ images: ['a', 'b', 'c'] })

  await setup.run()

  expect(setup.renderSignals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0, 0])
})

test('a worker leases at most three messages at a time', async () => {
  const held: number[] = []
  const setup = workerSetup({
    images: ['a', 'b', 'c', 'd', 'e', 'f'],
    seconds: { prepare: 1, render: 5, finish: 30 },
    onStage: (_, __, { jobs, visible }) => held.push(jobs.messages().length - visible()),
  })

  await setup.run()

  expect(Math.max(...held)).toBe(3)
  expect(setup.eventsOf('job-done').length).toBe(6)
})

test('the reported idle time of the device excludes time in which the queue was empty', async () => {
  const setup = workerSetup({ images: ['a'], options: { untilIdleSeconds: 100 } })
  setup.after(50, () => void setup.send('b'))

  await setup.run()

  expect(setup.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, null])
})

test('the reported idle time of the device includes time in which a queued job was prepared', async () => {
  const setup = workerSetup({ images: ['a', 'b'], seconds: { prepare: 30, render: 10 } })

  await setup.run()

  expect(setup.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, 20_000])
})

test('a worker retries an unreachable queue after growing delays and then renders its jobs', async () => {
  let failures = 5
  const setup = workerSetup({
    images: ['cat'],
    queueFaults: {
      before(operation) {
        if (operation === 'receive' && failures-- > 0) throw new Error('getaddrinfo ENOTFOUND')
      },
    },
    options: { untilIdleSeconds: 60 },
  })

  await setup.run()

  expect(setup.eventsOf('queue-unreachable').map(({ retryInSeconds }) => retryInSeconds)).toEqual([
    1, 2, 4, 8, 16,
  ])
  expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
})

test('a worker ends after maxJobs jobs and leaves the other jobs in the queue', async () => {
  const setup = workerSetup({ images: ['a', 'b', 'c'], options: { maxJobs: 2 } })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'took 2 jobs', jobs: 2, failing: false })
  expect(setup.visible()).toBe(1)
})

test('a worker ends after maxSeconds, finishes its render first, and returns prepared jobs to the queue', async () => {
  const setup = workerSetup({
    images: ['a', 'b', 'c', 'd'],
    seconds: { render: 100 },
    options: { maxSeconds: 150 },
  })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'worked for 150 s', jobs: 2, failing: false })
  expect(setup.visible()).toBe(2)
})

test('a worker ends after untilIdleSeconds without a job, counted from the end of its last job', async () => {
  const setup = workerSetup({ images: ['a'], options: { untilIdleSeconds: 30 } })

  await setup.run()

  expect(setup.clock.elapsedMs()).toBeGreaterThanOrEqual(43_000)
  expect(setup.clock.elapsedMs()).toBeLessThan(45_000)
})

test('a worker leaves no local files of jobs that succeed, fail or crash', async () => {
  const setup = workerSetup({
    images: ['good', 'bad', 'crash'],
    onStage(stage, image) {
      if (stage === 'render' && image === 'bad') throw new InvalidInputError('image', 'is no image')
      if (stage === 'finish' && image === 'crash') throw new Error('ffmpeg exited with code 1')
    },
  })

  await setup.run()

  expect(setup.disk.folders()).toEqual([])
})

test('a worker checks dead-letter messages at its start, every minute, and at its end', async () => {
  const body = (image: string): string => JSON.stringify(aJobMessage({ sourceKey: `images/${image}.png` }))
  const setup = workerSetup({ options: { untilIdleSeconds: 150 } })
  const lose = (image: string): void =>
    void setup.deadLetters.send([{ body: body(image), groupId: 'x' }], unaborted)
  lose('first')
  setup.after(30, () => lose('second'))
  setup.after(145, () => lose('third'))
  const recordedAt: number[] = []
  const push = setup.events.push.bind(setup.events)
  setup.events.push = (...events) => {
    if (events.some(({ type }) => type === 'dead-letter-recorded'))
      recordedAt.push(setup.clock.elapsedMs() / 1000)
    return push(...events)
  }

  await setup.run()

  expect(recordedAt).toEqual([0, 60, 150])
  expect(setup.deadLetters.messages().length).toBe(3)
})

/** The shortest lease that the worker takes. */
const SHORT_LEASE = { beatSeconds: 3, visibilitySeconds: 10, marginSeconds: 60 }

test('a worker with the shortest lease keeps a job whose message arrives late in a long poll', async () => {
  const setup = workerSetup({
    longPolls: true,
    seconds: { render: 60 },
    options: { lease: SHORT_LEASE, untilIdleSeconds: 30 },
  })
  setup.after(19, () => void setup.send('cat'))

  await setup.run()

  expect(setup.eventsOf('job-abandoned')).toEqual([])
  expect(setup.eventsOf('job-received').length).toBe(1)
  expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
})

describe('jobs for workers with another model', () => {
  const XT = { id: 'svd-xt', sha256: 'a'.repeat(64) }
  const forAnother = () => {
    throw new PostponedError('it is for svd-xt', { workersFault: false, waitsForModel: XT })
  }

  test('are postponed, do not fail the worker, and do not delay the jobs of its own model', async () => {
    const others = ['a', 'b', 'c', 'd', 'e']
    const setup = workerSetup({
      images: [...others, 'own'],
      maxAttempts: 1,
      onStage: (_, image) => (image === 'own' ? null : forAnother()),
    })

    const end = await setup.run()

    expect(end).toEqual({ reason: 'idle for 5 s', jobs: 1, failing: false })
    expect(setup.eventsOf('job-postponed')).toHaveLength(others.length)
    expect(await setup.statusOf('a')).toMatchObject({ state: 'queued', attempts: [], waits_for_model: XT })
    expect(setup.jobs.messages().length).toBe(others.length)
  })

  test('are postponed for longer each time and do not keep the worker from ending idle', async () => {
    const setup = workerSetup({
      images: ['a'],
      onStage: forAnother,
      options: { untilIdleSeconds: 1_000 },
    })

    const end = await setup.run()

    expect(setup.eventsOf('job-postponed').map(({ delaySeconds }) => delaySeconds)).toEqual([
      60, 120, 240, 480, 900,
    ])
    expect(end.reason).toBe('idle for 1000 s')
    expect(setup.clock.elapsedMs()).toBeLessThan(1_010_000)
  })

  test('do not count towards maxJobs', async () => {
    const setup = workerSetup({
      images: ['a', 'own'],
      onStage: (_, image) => (image === 'own' ? null : forAnother()),
      options: { maxJobs: 1 },
    })

    expect(await setup.run()).toEqual({ reason: 'took 1 jobs', jobs: 1, failing: false })
  })
})

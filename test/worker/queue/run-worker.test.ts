import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { workerSetup } from './worker-setup.ts'

test('makes a clip of each job, and removes its message', async () => {
  const setup = workerSetup({ images: ['cat', 'dog'] })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'idle for 5 s', jobs: 2, failing: false })
  expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded', attempt: 1, device_seconds: 10 })
  expect(await setup.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(setup.jobs.messages()).toEqual([])
})

test('prepares the next job while one renders, and finishes the one before', async () => {
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

test('leaves no listener on the signal of a job that has ended', async () => {
  const setup = workerSetup({ images: ['a', 'b', 'c'] })

  await setup.run()

  expect(setup.renderSignals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0, 0])
})

test('never holds more than three messages', async () => {
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

test('does not count as idle the time in which nothing was queued', async () => {
  const setup = workerSetup({ images: ['a'], options: { untilIdleSeconds: 100 } })
  setup.after(50, () => void setup.send('b'))

  await setup.run()

  expect(setup.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, null])
})

test('counts as idle the time in which a queued job was being prepared', async () => {
  const setup = workerSetup({ images: ['a', 'b'], seconds: { prepare: 30, render: 10 } })

  await setup.run()

  expect(setup.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, 20_000])
})

test('a queue that cannot be reached is asked again, later each time, and the work goes on', async () => {
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

test('ends after so many jobs, and leaves the others in the queue', async () => {
  const setup = workerSetup({ images: ['a', 'b', 'c'], options: { maxJobs: 2 } })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'took 2 jobs', jobs: 2, failing: false })
  expect(setup.visible()).toBe(1)
})

test('ends after so long with what it renders done, and hands back what is prepared', async () => {
  const setup = workerSetup({
    images: ['a', 'b', 'c', 'd'],
    seconds: { render: 100 },
    options: { maxSeconds: 150 },
  })

  const end = await setup.run()

  expect(end).toEqual({ reason: 'worked for 150 s', jobs: 2, failing: false })
  expect(setup.visible()).toBe(2)
})

test('ends when it has been idle for long enough, counted from its last job', async () => {
  const setup = workerSetup({ images: ['a'], options: { untilIdleSeconds: 30 } })

  await setup.run()

  expect(setup.clock.elapsedMs()).toBeGreaterThanOrEqual(43_000)
  expect(setup.clock.elapsedMs()).toBeLessThan(45_000)
})

test('leaves no files behind, whatever happens to a job', async () => {
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

test('looks through the dead letters at the start, every minute, and at the end', async () => {
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

test('a worker that was idle for long keeps its only job, under the shortest lease', async () => {
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

  test('wait, end no worker, and do not hold up the others', async () => {
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

  test('wait longer each time, and do not keep a worker that has nothing else to do', async () => {
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

  test('do not count among those after which a worker ends', async () => {
    const setup = workerSetup({
      images: ['a', 'own'],
      onStage: (_, image) => (image === 'own' ? null : forAnother()),
      options: { maxJobs: 1 },
    })

    expect(await setup.run()).toEqual({ reason: 'took 1 jobs', jobs: 1, failing: false })
  })
})

import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld } from './a-world.ts'

test('makes a clip of each job, and removes its message', async () => {
  const world = aWorld({ pictures: ['cat', 'dog'] })

  const end = await world.run()

  expect(end).toEqual({ reason: 'idle for 5 s', jobs: 2, failing: false })
  expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded', attempt: 1, device_seconds: 10 })
  expect(await world.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(world.jobs.messages()).toEqual([])
})

test('prepares the next job while one renders, and finishes the one before', async () => {
  const world = aWorld({ pictures: ['a', 'b', 'c'] })

  await world.run()

  expect(world.stages).toEqual([
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
  expect(world.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, 0, 0])
})

test('never holds more than three messages', async () => {
  const held: number[] = []
  const world = aWorld({
    pictures: ['a', 'b', 'c', 'd', 'e', 'f'],
    seconds: { prepare: 1, render: 5, finish: 30 },
    onStage: (_, __, { jobs, visible }) => held.push(jobs.messages().length - visible()),
  })

  await world.run()

  expect(Math.max(...held)).toBe(3)
  expect(world.eventsOf('job-done').length).toBe(6)
})

test('does not count as idle the time in which nothing was queued', async () => {
  const world = aWorld({ pictures: ['a'], options: { untilIdleSeconds: 100 } })
  world.after(50, () => void world.send('b'))

  await world.run()

  expect(world.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, null])
})

test('counts as idle the time in which a queued job was being prepared', async () => {
  const world = aWorld({ pictures: ['a', 'b'], seconds: { prepare: 30, render: 10 } })

  await world.run()

  expect(world.eventsOf('device-idle').map(({ gapMs }) => gapMs)).toEqual([null, 20_000])
})

test('a queue that cannot be reached is asked again, later each time, and the work goes on', async () => {
  let failures = 5
  const world = aWorld({
    pictures: ['cat'],
    queueFaults: {
      before(operation) {
        if (operation === 'receive' && failures-- > 0) throw new Error('getaddrinfo ENOTFOUND')
      },
    },
    options: { untilIdleSeconds: 60 },
  })

  await world.run()

  expect(world.eventsOf('queue-unreachable').map(({ retryInSeconds }) => retryInSeconds)).toEqual([
    1, 2, 4, 8, 16,
  ])
  expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
})

test('ends after so many jobs, and leaves the others in the queue', async () => {
  const world = aWorld({ pictures: ['a', 'b', 'c'], options: { maxJobs: 2 } })

  const end = await world.run()

  expect(end).toEqual({ reason: 'took 2 jobs', jobs: 2, failing: false })
  expect(world.visible()).toBe(1)
})

test('ends after so long with what it renders done, and hands back what is prepared', async () => {
  const world = aWorld({
    pictures: ['a', 'b', 'c', 'd'],
    seconds: { render: 100 },
    options: { maxSeconds: 150 },
  })

  const end = await world.run()

  expect(end).toEqual({ reason: 'worked for 150 s', jobs: 2, failing: false })
  expect(world.visible()).toBe(2)
})

test('ends when it has been idle for long enough, counted from its last job', async () => {
  const world = aWorld({ pictures: ['a'], options: { untilIdleSeconds: 30 } })

  await world.run()

  expect(world.clock.elapsedMs()).toBeGreaterThanOrEqual(43_000)
  expect(world.clock.elapsedMs()).toBeLessThan(45_000)
})

test('leaves no files behind, whatever happens to a job', async () => {
  const world = aWorld({
    pictures: ['good', 'bad', 'crash'],
    onStage(stage, picture) {
      if (stage === 'render' && picture === 'bad') throw new InvalidInputError('image', 'is no picture')
      if (stage === 'finish' && picture === 'crash') throw new Error('ffmpeg exited with code 1')
    },
  })

  await world.run()

  expect(world.disk.folders()).toEqual([])
})

test('looks through the dead letters at the start, every minute, and at the end', async () => {
  const body = (picture: string): string => JSON.stringify(aJobMessage({ picture: `images/${picture}.png` }))
  const world = aWorld({ options: { untilIdleSeconds: 150 } })
  const lose = (picture: string): void =>
    void world.deadLetters.send([{ body: body(picture), groupId: 'x' }], unaborted)
  lose('first')
  world.after(30, () => lose('second'))
  world.after(145, () => lose('third'))
  const recordedAt: number[] = []
  const push = world.events.push.bind(world.events)
  world.events.push = (...events) => {
    if (events.some(({ type }) => type === 'dead-letter-recorded'))
      recordedAt.push(world.clock.elapsedMs() / 1000)
    return push(...events)
  }

  await world.run()

  expect(recordedAt).toEqual([0, 60, 150])
  expect(world.deadLetters.messages().length).toBe(3)
})

/** The shortest lease that the worker takes. */
const SHORT_LEASE = { beatSeconds: 3, visibilitySeconds: 10, marginSeconds: 60 }

test('a worker that was idle for long keeps its only job, under the shortest lease', async () => {
  const world = aWorld({
    longPolls: true,
    seconds: { render: 60 },
    options: { lease: SHORT_LEASE, untilIdleSeconds: 30 },
  })
  world.after(19, () => void world.send('cat'))

  await world.run()

  expect(world.eventsOf('job-abandoned')).toEqual([])
  expect(world.eventsOf('job-received').length).toBe(1)
  expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
})

describe('jobs for workers with another model', () => {
  const XT = { id: 'svd-xt', sha256: 'a'.repeat(64) }
  const forAnother = () => {
    throw new PostponedError('it is for svd-xt', { workersFault: false, waitsForModel: XT })
  }

  test('wait, end no worker, and do not hold up the others', async () => {
    const others = ['a', 'b', 'c', 'd', 'e']
    const world = aWorld({
      pictures: [...others, 'own'],
      maxAttempts: 1,
      onStage: (_, picture) => (picture === 'own' ? null : forAnother()),
    })

    const end = await world.run()

    expect(end).toEqual({ reason: 'idle for 5 s', jobs: 1, failing: false })
    expect(world.eventsOf('job-postponed')).toHaveLength(others.length)
    expect(await world.statusOf('a')).toMatchObject({ state: 'queued', attempts: [], waits_for_model: XT })
    expect(world.jobs.messages().length).toBe(others.length)
  })

  test('wait longer each time, and do not keep a worker that has nothing else to do', async () => {
    const world = aWorld({
      pictures: ['a'],
      onStage: forAnother,
      options: { untilIdleSeconds: 1_000 },
    })

    const end = await world.run()

    expect(world.eventsOf('job-postponed').map(({ delaySeconds }) => delaySeconds)).toEqual([
      60, 120, 240, 480, 900,
    ])
    expect(end.reason).toBe('idle for 1000 s')
    expect(world.clock.elapsedMs()).toBeLessThan(1_010_000)
  })

  test('do not count among those after which a worker ends', async () => {
    const world = aWorld({
      pictures: ['a', 'own'],
      onStage: (_, picture) => (picture === 'own' ? null : forAnother()),
      options: { maxJobs: 1 },
    })

    expect(await world.run()).toEqual({ reason: 'took 1 jobs', jobs: 1, failing: false })
  })
})

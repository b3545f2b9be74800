import { describe, expect, test } from 'vitest'
import { cancelKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { encodeRecord } from '../../../shared/contracts/record-bytes.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { statusOfAttempt } from '../../../worker/jobs/status-of-attempt.ts'
import { openDrain } from '../../../worker/queue/drain.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { aJob } from '../jobs/a-job.ts'
import { aWorld } from './a-world.ts'

const idOf = (picture: string): string => aJob({ picture }).job_id

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

test('a message delivered after its job was done is removed at once', async () => {
  const world = aWorld({ pictures: ['cat'] })
  world.after(15, () => void world.send('cat'))

  await world.run()

  expect(world.stages.filter((stage) => stage.includes('render')).length).toBe(1)
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(world.jobs.messages()).toEqual([])
})

test('the same job by two messages at once is done once', async () => {
  const world = aWorld({ pictures: ['cat', 'cat'] })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(world.jobs.messages()).toEqual([])
})

test('uploads nothing where another worker did the job while this one rendered it', async () => {
  const key = resultKey(idOf('cat'))
  const world = aWorld({
    pictures: ['cat'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void world.store.create(key, body, { contentType: 'application/json' }, unaborted)
    },
  })

  await world.run()

  expect(world.store.keys().filter((stored) => stored.startsWith('jobs/'))).toEqual([key])
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
  expect(world.jobs.messages()).toEqual([])
})

test('makes no clip on the safer path where another worker did the job while this one rendered it', async () => {
  const world = aWorld({
    pictures: ['cat'],
    faultsOf: () => ['flickers'],
    onStage(stage) {
      if (stage !== 'finish') return
      const body = new TextEncoder().encode('{"version": 2}')
      void world.store.create(resultKey(idOf('cat')), body, { contentType: 'application/json' }, unaborted)
    },
  })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(world.eventsOf('job-done-before')).toEqual([{ type: 'job-done-before', jobId: idOf('cat') }])
})

test('asks whether the job is done before it begins, and while its clip is finished', async () => {
  const askedSeconds: number[] = []
  const world = aWorld({
    pictures: ['cat'],
    storeFaults: {
      before(operation, key) {
        const isQuestion = operation === 'head' && key === resultKey(idOf('cat'))
        if (isQuestion) askedSeconds.push(world.clock.elapsedMs() / 1000)
      },
    },
  })

  await world.run()

  expect(world.stages).toEqual(['0 prepare cat', '1 render cat', '11 finish cat'])
  expect(askedSeconds).toEqual([0, 11])
})

test('the files of an attempt are removed once they are uploaded', async () => {
  const folders: string[][] = []
  const world = aWorld({
    pictures: ['cat'],
    storeFaults: {
      before(operation, key) {
        if (operation === 'create' && key.startsWith('jobs/')) folders.push([...world.disk.folders()])
      },
    },
  })

  await world.run()

  expect(folders).toEqual([['/scratch/job-1'], ['/scratch/job-1'], []])
})

test('an attempt that fails between its uploads leaves its video, and the next one has files of its own', async () => {
  let failures = 5
  const world = aWorld({
    pictures: ['cat'],
    storeFaults: {
      before(operation, key) {
        if (operation === 'create' && key.endsWith('.poster.png') && failures-- > 0) throw new Error('503')
      },
    },
    options: { untilIdleSeconds: 60 },
  })

  await world.run()

  const folder = `jobs/${idOf('cat')}`
  const files = (attempt: string) => `${folder}/attempts/${attempt}-8000000080000000/video`
  expect(world.store.keys().filter((key) => key.startsWith('jobs/'))).toEqual([
    `${files('0001')}.mp4`,
    ...[`${files('0002')}.mp4`, `${files('0002')}.poster.png`],
    `${folder}/result.json`,
  ])
  expect(await world.resultOf('cat')).toMatchObject({
    attempt: 2,
    outputs: [{ video: { key: `${files('0002')}.mp4` }, poster: { key: `${files('0002')}.poster.png` } }],
  })
})

test('a job that fails does not hold up the others, and is tried again later', async () => {
  let failures = 1
  const world = aWorld({
    pictures: ['bad', 'good'],
    onStage(stage, picture) {
      if (stage === 'render' && picture === 'bad' && failures-- > 0) throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 60 },
  })

  await world.run()

  expect(world.eventsOf('job-retry')).toEqual([
    { type: 'job-retry', jobId: idOf('bad'), attempt: 1, reason: 'out of memory', delaySeconds: 30 },
  ])
  expect(await world.resultOf('good')).toMatchObject({ state: 'succeeded' })
  expect(await world.resultOf('bad')).toMatchObject({ state: 'succeeded', attempt: 2 })
})

test('a job that always fails has a record, and its message goes to the dead letters', async () => {
  const world = aWorld({
    pictures: ['bad'],
    onStage(stage) {
      if (stage === 'render') throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 100 },
  })

  await world.run()

  expect(await world.resultOf('bad')).toMatchObject({
    state: 'failed',
    attempt: 3,
    failure: { class: 'exhausted', reason: 'out of memory' },
  })
  expect(world.jobs.messages()).toEqual([])
  expect(world.deadLetters.messages().length).toBe(1)
})

test('a picture that can never work fails at once', async () => {
  const world = aWorld({
    pictures: ['bad'],
    onStage() {
      throw new InvalidInputError('image', 'is no picture')
    },
  })

  await world.run()

  expect(await world.resultOf('bad')).toMatchObject({ attempt: 1, failure: { class: 'invalid-input' } })
  expect(world.jobs.messages()).toEqual([])
})

describe('a job that cannot end in the twelve hours of a lease has failed', () => {
  const USUAL = { width: 1024, height: 576, num_frames: 25 }
  const LONG = { ...USUAL, num_inference_steps: 1000, num_videos_per_prompt: 64 }

  test('before it is rendered, by the steps of the clips before it', async () => {
    const world = aWorld({
      pictures: ['first', 'long', 'last'],
      parametersOf: (picture) => (picture === 'long' ? { ...LONG, num_frames: 250 } : USUAL),
    })

    await world.run()

    expect(await world.resultOf('long')).toMatchObject({
      ...{ state: 'failed', attempt: 1, device_seconds: 0 },
      failure: {
        class: 'does-not-fit',
        reason: expect.stringMatching(
          /^time: denoising takes at least 17\.8 h on this worker \(1000 steps x num_videos_per_prompt 64, each 1 s, m/,
        ),
      },
    })
    expect(world.stages.filter((stage) => stage.includes(' render '))).toEqual([
      expect.stringContaining('render first'),
      expect.stringContaining('render last'),
    ])
    expect(await world.resultOf('last')).toMatchObject({ state: 'succeeded' })
    expect(world.jobs.messages()).toEqual([])
    expect(world.deadLetters.messages()).toEqual([])
  })

  test('before it is rendered, by what the planner counts', async () => {
    const counted = { secondsPerPixel: 1 / (2 * 1024 * 576 * 25), source: 'counted' } as const
    const world = aWorld({ pictures: ['long'], parametersOf: () => LONG, countedSpeed: counted })

    await world.run()

    expect(await world.resultOf('long')).toMatchObject({
      ...{
        device_seconds: 0,
        failure: { class: 'does-not-fit', reason: expect.stringContaining('each 1 s, counted,') },
      },
    })
  })

  test('by its own steps where nothing was known, at a tenth of it', async () => {
    const world = aWorld({ pictures: ['long'], parametersOf: () => LONG, seconds: { render: 100 } })

    await world.run()

    const result = await world.resultOf('long')
    expect(result).toMatchObject({
      ...{ state: 'failed', attempt: 1, device_seconds: 10 },
      failure: { class: 'does-not-fit', reason: expect.stringContaining('at least 17.8 h') },
    })
    expect(world.jobs.messages()).toEqual([])
  })
})

test('a clip that does not pass its checks is made once more, on the safer path, before the job that comes up', async () => {
  const world = aWorld({
    pictures: ['seams', 'next', 'last'],
    faultsOf: (picture, path) => (picture === 'seams' && path === 'as-asked' ? ['flickers'] : []),
  })

  await world.run()

  expect(world.stages.filter((stage) => !stage.includes('prepare'))).toEqual([
    '1 render seams',
    '11 finish seams',
    '11 render next',
    '21 render seams',
    '31 finish seams',
    '33 finish next',
    '33 render last',
    '43 finish last',
  ])
  expect(await world.resultOf('seams')).toMatchObject({
    state: 'succeeded',
    safer_path: true,
    device_seconds: 20,
  })
  expect(await world.resultOf('next')).toMatchObject({ safer_path: false })
})

describe('a clip with warnings', () => {
  const warningsOf = (picture: string): readonly string[] => (picture === 'warned' ? ['seams: flickers'] : [])

  test('is published as it is, with them in its record and its status', async () => {
    const world = aWorld({ pictures: ['warned'], warningsOf })

    await world.run()

    expect(world.stages.map((stage) => stage.split(' ')[1])).toEqual(['prepare', 'render', 'finish'])
    expect(await world.resultOf('warned')).toMatchObject({
      ...{ state: 'succeeded', attempt: 1, safer_path: false, failure: null },
      outputs: [{ quality: { faults: [], warnings: ['seams: flickers'] } }],
    })
    expect(await world.statusOf('warned')).toMatchObject({
      ...{ state: 'succeeded', message: 'published with warnings: seams: flickers' },
    })
  })

  test('is no proof that the worker makes good clips', async () => {
    const faultsOf = (picture: string): readonly string[] => (picture === 'black' ? ['black: frame 0'] : [])
    const options = { untilIdleSeconds: 300 }
    const world = aWorld({ pictures: ['black', 'warned'], faultsOf, warningsOf, options, maxAttempts: 5 })

    await world.run()

    expect(await world.resultOf('warned')).toMatchObject({ state: 'succeeded' })
    expect(await world.resultOf('black')).toMatchObject({
      failure: { class: 'quality', reason: expect.stringMatching(/^unconfirmed by another worker: /) },
    })
  })
})

describe('a clip that does not pass there either', () => {
  const quality = [{ faults: ['is black as-asked'] }, { faults: ['is black safer'] }]
  const blackOnly = (picture: string, path: string): readonly string[] =>
    picture === 'black' ? [`is black ${path}`] : []

  test('fails with both figures once another clip has passed on the worker', async () => {
    const options = { untilIdleSeconds: 100 }
    const world = aWorld({ pictures: ['black', 'cat'], faultsOf: blackOnly, options })

    await world.run()

    expect(world.eventsOf('job-retry').map(({ jobId }) => jobId)).toEqual([idOf('black')])
    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    const reason = 'the clip did not pass its checks: is black as-asked; is black safer'
    expect(await world.resultOf('black')).toMatchObject({
      ...{ state: 'failed', failure: { class: 'quality', reason, quality } },
    })
  })

  test('fails as unconfirmed after two further attempts where nothing else passed', async () => {
    const options = { untilIdleSeconds: 300 }
    const world = aWorld({ pictures: ['black'], faultsOf: blackOnly, options, maxAttempts: 5 })

    await world.run()

    expect(world.eventsOf('job-retry')).toHaveLength(2)
    expect(await world.resultOf('black')).toMatchObject({
      state: 'failed',
      failure: {
        class: 'quality',
        reason: expect.stringMatching(/^unconfirmed by another worker: /),
        quality,
      },
    })
  })

  test('is kept, by each attempt, apart from any output, and named by the failed record', async () => {
    const world = aWorld({
      pictures: ['black', 'cat'],
      faultsOf: blackOnly,
      options: { untilIdleSeconds: 100 },
    })

    await world.run()

    const folder = `jobs/${idOf('black')}/`
    const kept = world.store.keys().filter((key) => key.startsWith(`${folder}rejected/`))
    expect(kept.map((key) => key.slice(folder.length))).toEqual([
      expect.stringMatching(/^rejected\/0001-[0-9a-f]{16}\/video\.mp4$/),
      expect.stringMatching(/^rejected\/0001-[0-9a-f]{16}\/video\.poster\.png$/),
      expect.stringMatching(/^rejected\/0002-[0-9a-f]{16}\/video\.mp4$/),
      expect.stringMatching(/^rejected\/0002-[0-9a-f]{16}\/video\.poster\.png$/),
    ])
    for (const key of kept) expect(world.store.tagsOf(key)).toEqual({ 'svd-batch': 'rejected' })
    const record = resultRecordSchema.parse(await world.resultOf('black'))
    expect(record.outputs).toEqual([])
    const { rejected = [] } = record.failure ?? {}
    expect(rejected.flatMap(({ video, poster }) => [video.key, poster.key])).toEqual(kept)
    expect(rejected.map(({ quality }) => quality.faults)).toEqual([['is black safer'], ['is black safer']])
    expect(world.eventsOf('clip-rejected')).toMatchObject([
      { videos: [kept[0]], failure: null },
      { videos: [kept[2]], failure: null },
    ])
  })

  test('is judged the same where it cannot be kept, and that is reported', async () => {
    const options = { untilIdleSeconds: 300 }
    const world = aWorld({
      ...{ pictures: ['black', 'cat'], faultsOf: blackOnly, options },
      storeFaults: {
        before(operation, key) {
          if (operation === 'create' && key.includes('/rejected/')) throw new Error('AccessDenied')
        },
      },
    })

    await world.run()

    expect(await world.resultOf('black')).toMatchObject({
      ...{ state: 'failed', failure: { class: 'quality', quality, rejected: [] } },
    })
    expect(world.store.keys().filter((key) => key.includes('/rejected/'))).toEqual([])
    const failure = 'the bucket memory does not answer: AccessDenied'
    expect(world.eventsOf('clip-rejected')).toMatchObject([
      { videos: [], failure },
      { videos: [], failure },
    ])
  })

  test('is no output of the job whose next attempt passes', async () => {
    let finished = 0
    const world = aWorld({
      pictures: ['once'],
      faultsOf: () => (finished++ < 2 ? ['is black'] : []),
      options: { untilIdleSeconds: 100 },
    })

    await world.run()

    const record = resultRecordSchema.parse(await world.resultOf('once'))
    expect(record).toMatchObject({ state: 'succeeded', attempt: 2, failure: null })
    expect(record.outputs.map(({ video }) => video.key)).toEqual([expect.stringContaining('/attempts/0002-')])
    expect(world.store.keys().filter((key) => key.includes('/rejected/0001-'))).toHaveLength(2)
  })

  test('of three jobs in a row ends the worker as one that failed, and no job has failed', async () => {
    const pictures = ['a', 'b', 'c']
    const world = aWorld({ pictures, faultsOf: () => ['is black'], options: { untilIdleSeconds: 300 } })

    expect(await world.run()).toMatchObject({ failing: true })

    for (const picture of pictures) expect(await world.resultOf(picture)).toBeNull()
  })
})

test.each(['prepare', 'render', 'finish'] as const)(
  'publishes nothing when the lease is lost in %s',
  async (stage) => {
    const world = aWorld({
      pictures: ['cat'],
      seconds: { prepare: 60, render: 60, finish: 60 },
      onStage: (begun, _, { loseLeases }) => {
        if (begun === stage) loseLeases()
      },
      options: { maxJobs: 1 },
    })

    await world.run()

    expect(world.eventsOf('job-abandoned').length).toBe(1)
    expect(await world.resultOf('cat')).toBe(null)
    expect(world.store.keys().filter((key) => key.startsWith('jobs/'))).toEqual([])
    expect(world.visible()).toBe(1)
  },
)

test.each([
  ['before it began', 0],
  ['while it renders', 5],
  ['while it is finished', 12],
])('a job that is cancelled %s is recorded as cancelled', async (_, atSeconds) => {
  const world = aWorld({ pictures: ['cat', 'dog'] })
  const cancel = () =>
    world.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: 'application/json' }, unaborted)
  if (atSeconds === 0) await cancel()
  else world.after(atSeconds, () => void cancel())

  await world.run()

  expect(await world.resultOf('cat')).toMatchObject({ state: 'cancelled', outputs: [] })
  expect(await world.resultOf('dog')).toMatchObject({ state: 'succeeded' })
  expect(world.jobs.messages()).toEqual([])
})

test('a job that is cancelled before it began does not reach its first stage', async () => {
  const world = aWorld({ pictures: ['cat'] })
  await world.store.put(cancelKey(idOf('cat')), new Uint8Array(), { contentType: '' }, unaborted)

  await world.run()

  expect(world.eventsOf('job-stage')).toEqual([])
  expect(await world.resultOf('cat')).toMatchObject({ state: 'cancelled' })
})

describe('a job that is cancelled has its record within the time between two looks', () => {
  const MARKER = { contentType: 'application/json' }
  const cancelAt = (world: ReturnType<typeof aWorld>, picture: string, atSeconds: number): void =>
    world.after(atSeconds, () => {
      void world.store.put(cancelKey(idOf(picture)), new Uint8Array(), MARKER, unaborted)
    })
  const secondsOf = async (world: ReturnType<typeof aWorld>, picture: string): Promise<number> => {
    const { state, finished_at } = resultRecordSchema.parse(await world.resultOf(picture))
    expect(state).toBe('cancelled')
    return (Date.parse(finished_at) - dateAt(0).getTime()) / 1000
  }

  test.each(['prepare', 'render', 'finish'] as const)('while the worker has to %s it', async (stage) => {
    const world = aWorld({ pictures: ['cat', 'dog'], seconds: { [stage]: 500 } })
    cancelAt(world, 'cat', 100)
    await world.run()
    expect(await secondsOf(world, 'cat')).toBeLessThanOrEqual(103)
  })

  test('while it waits behind another', async () => {
    const world = aWorld({ pictures: ['cat', 'dog'], seconds: { render: 500 } })
    cancelAt(world, 'dog', 100)
    await world.run()
    expect(await secondsOf(world, 'dog')).toBeLessThanOrEqual(103)
  })
})

test('a message that is no job is left to the queue, and reported from the dead letters', async () => {
  const world = aWorld({ options: { untilIdleSeconds: 150 } })
  await world.jobs.send([{ body: 'hello', groupId: 'x' }], unaborted)

  await world.run()

  expect(world.eventsOf('message-malformed').length).toBe(3)
  expect(world.jobs.messages()).toEqual([])
  expect(world.deadLetters.messages().length).toBe(1)
  expect(world.store.keys()).toEqual(['reports/messages/message-1.json'])
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

test('gives up when job after job fails, and leaves the others in the queue', async () => {
  const world = aWorld({
    pictures: ['a', 'b', 'c', 'd', 'e', 'f'],
    onStage(stage) {
      if (stage === 'render') throw new Error('the renderer was killed by SIGSEGV')
    },
  })

  const end = await world.run()

  expect(end).toEqual({ reason: '3 jobs failed here, and none was done in between', jobs: 0, failing: true })
  expect(world.eventsOf('job-retry').length).toBe(3)
  expect(world.jobs.messages().length).toBe(6)
})

test('does not give up for one job that fails again and again, nor when others are done in between', async () => {
  const broken = new Set(['bad', 'worse'])
  const world = aWorld({
    pictures: ['bad', 'a', 'worse', 'b'],
    onStage(stage, picture) {
      if (stage === 'render' && broken.has(picture)) throw new Error('out of memory')
    },
    options: { untilIdleSeconds: 3600 },
  })

  const end = await world.run()

  expect(end).toMatchObject({ reason: 'idle for 3600 s', failing: false })
  expect(await world.resultOf('a')).toMatchObject({ state: 'succeeded' })
  expect(await world.resultOf('worse')).toMatchObject({ state: 'failed' })
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
  const body = (picture: string): string => JSON.stringify(aJob({ picture }))
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

test('a worker whose card is lost hands its jobs back, takes no more, and ends as one that failed', async () => {
  let renders = 0
  const world = aWorld({
    pictures: ['a', 'b', 'c'],
    seconds: { prepare: 1 },
    onStage(stage) {
      if (stage !== 'render') return
      renders++
      throw new CardUnusableError('denoise_step: the card is lost')
    },
    options: { untilIdleSeconds: 3600 },
  })

  const end = await world.run()

  expect(end).toEqual({ reason: 'denoise_step: the card is lost', jobs: 0, failing: true })
  expect(world.eventsOf('job-retry')).toEqual([])
  expect(renders).toBe(1)
  const received = world.eventsOf('job-received').map(({ jobId }) => jobId)
  expect(received).not.toContain(idOf('c'))
  expect(
    world
      .eventsOf('job-released')
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual(received.toSorted())
  expect(received).toContain(idOf('a'))
  expect(world.visible()).toBe(3)
})

test('a picture that trickles in holds a job for five minutes, and costs it no attempt', async () => {
  const seconds = { prepare: 3600 }
  const world = aWorld({
    pictures: ['cat'],
    seconds,
    options: { untilIdleSeconds: 100, maxSeconds: 310 },
  })

  await world.run()

  const reason = 'preparing the picture took more than 300 s'
  expect(world.eventsOf('job-postponed')).toMatchObject([{ jobId: idOf('cat'), reason }])
  expect(await world.statusOf('cat')).toMatchObject({ state: 'queued', message: reason, attempts: [] })
})

test('an upload that does not end holds a job for a minute, and for longer the larger its files are', async () => {
  const world = aWorld({ pictures: ['cat'], options: { maxSeconds: 200 } })
  const { create } = world.store
  world.store.create = (key, body, options, signal) =>
    key.endsWith('.mp4')
      ? world.clock.sleep(1e9, signal).then(() => true)
      : create(key, body, options, signal)

  await world.run()

  expect(world.eventsOf('job-postponed')).toMatchObject([
    { jobId: idOf('cat'), reason: 'uploading the clip took more than 61 s' },
  ])
  expect(await world.statusOf('cat')).toMatchObject({ state: 'queued', attempts: [] })
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

describe('a worker that is told to go ends in time, though store and queue have fallen silent', () => {
  const SILENT_FROM = 20
  const aSilentWorld = (pictures: readonly string[], options: Parameters<typeof aWorld>[0] = {}) => {
    let silent = false
    const before = (): void | Promise<void> => (silent ? new Promise(() => {}) : undefined)
    const world = aWorld({
      ...{ pictures, seconds: { render: 100 }, storeFaults: { before }, queueFaults: { before } },
      ...options,
    })
    world.after(SILENT_FROM, () => {
      silent = true
    })
    return world
  }
  const endOf = async (world: ReturnType<typeof aWorld>, noticeAt: number, secondsLeft: number) => {
    const drain = openDrain(world.clock)
    world.after(noticeAt, () => drain.notify({ reason: 'SIGTERM', secondsLeft }))
    await world.run(drain)
    return world.clock.elapsedMs() / 1000 - noticeAt
  }
  const deadLetters = (world: ReturnType<typeof aWorld>) =>
    world.deadLetters.send(
      Array.from({ length: 10 }, (_, index) => ({
        body: JSON.stringify(aJob({ picture: `dead-${index}` })),
        groupId: 'images',
      })),
      unaborted,
    )

  test('with jobs in hand', async () => {
    const world = aSilentWorld(['rendered', 'prepared', 'queued'])
    expect(await endOf(world, 30, 25)).toBeLessThanOrEqual(24)
  })

  test.each([10, 120])('while it looks through dead letters, with %i s left', async (secondsLeft) => {
    const world = aSilentWorld(['rendered'], { options: { deadLetterIntervalSeconds: 21 } })
    await deadLetters(world)
    expect(await endOf(world, 30, secondsLeft)).toBeLessThanOrEqual(secondsLeft - 1)
  })

  test('during the last look at the dead letters', async () => {
    const world = aSilentWorld([], { options: { untilIdleSeconds: 21, deadLetterIntervalSeconds: 1_000 } })
    world.after(15, () => void deadLetters(world))
    expect(await endOf(world, 30, 25)).toBeLessThanOrEqual(24)
  })
})

describe('what costs a job no attempt', () => {
  test('is any number of SIGTERMs under its render, nor are they one for the job prepared behind it', async () => {
    const world = aWorld({
      pictures: ['long', 'behind'],
      seconds: { render: 100 },
      maxAttempts: 1,
      options: { untilIdleSeconds: 60 },
    })

    for (let time = 0; time < 6; time++) {
      const drain = openDrain(world.clock)
      world.after(20, () => drain.notify({ reason: 'SIGTERM', secondsLeft: 0 }))
      await world.run(drain)
      expect(await world.statusOf('long')).toMatchObject({
        state: 'queued',
        message: 'SIGTERM',
        attempts: [],
      })
    }
    await world.run()

    expect(world.eventsOf('job-released').length).toBe(12)
    expect(await world.resultOf('long')).toMatchObject({ state: 'succeeded' })
    expect(await world.resultOf('behind')).toMatchObject({ state: 'succeeded' })
  })

  test.each(['prepare', 'render', 'finish'] as const)('is a lease that is lost in %s', async (stage) => {
    let losses = 3
    const world = aWorld({
      pictures: ['cat'],
      maxAttempts: 1,
      seconds: { prepare: 60, render: 60, finish: 60 },
      onStage: (begun, _, { loseLeases }) => {
        if (begun === stage && losses-- > 0) loseLeases()
      },
      options: { untilIdleSeconds: 200 },
    })

    await world.run()

    expect(world.eventsOf('job-abandoned').map(({ leaseLost }) => leaseLost)).toEqual([true, true, true])
    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('is a store that is away for minutes', async () => {
    let away = true
    const world = aWorld({
      pictures: ['cat'],
      maxAttempts: 1,
      storeFaults: {
        before() {
          if (away) throw new Error('503')
        },
      },
      options: { untilIdleSeconds: 1_000 },
    })
    world.after(500, () => {
      away = false
    })

    const end = await world.run()

    expect(world.eventsOf('job-postponed').length).toBeGreaterThan(3)
    expect(end.failing).toBe(false)
    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('is a full disk; a machine that can do none of its jobs ends', async () => {
    const pictures = ['a', 'b', 'c', 'd']
    const world = aWorld({
      pictures,
      maxAttempts: 1,
      onStage(stage) {
        if (stage === 'finish') throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      },
    })

    const end = await world.run()

    expect(end).toMatchObject({ failing: true, jobs: 0 })
    for (const picture of pictures) expect(await world.resultOf(picture)).toBe(null)
  })
})

test('a job that took down as many workers as it may is rendered no more', async () => {
  const world = aWorld({ pictures: ['poison'], maxAttempts: 2 })
  const job = aJob({ picture: 'poison' })
  const attempt = (id: string): SpentAttempt => ({
    ...{ id, worker_id: `worker of ${id}`, reason: null },
    alive_until: '2025-12-31T23:59:59.000Z',
  })
  const status = statusOfAttempt({ job, number: 2 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    attempt('1'),
    attempt('2'),
  ])
  await world.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await world.run()

  expect(world.stages).toEqual([])
  expect(await world.resultOf('poison')).toMatchObject({
    failure: {
      class: 'exhausted',
      reason: 'the worker worker of 2 or its machine vanished while it rendered the job',
    },
  })
  expect(world.jobs.messages()).toEqual([])
  expect(world.deadLetters.messages().map(({ body }) => JSON.parse(body).job_id)).toEqual([job.job_id])
})

test('a second copy of a message waits while another worker renders the last attempt', async () => {
  const world = aWorld({ pictures: ['cat'], maxAttempts: 1, options: { untilIdleSeconds: 100 } })
  const job = aJob({ picture: 'cat' })
  const elsewhere: SpentAttempt = {
    ...{ id: '1', worker_id: 'worker-0', reason: null },
    alive_until: '2026-01-01T00:01:30.000Z',
  }
  const status = statusOfAttempt({ job, number: 1 }, { state: 'rendering' }, 'worker-0', dateAt(0), [
    elsewhere,
  ])
  await world.store.put(statusKey(job.job_id), encodeRecord(status), { contentType: '' }, unaborted)

  await world.run()

  expect(world.eventsOf('job-postponed')).toMatchObject([{ delaySeconds: 90 }])
  expect(world.stages).toEqual([])
  expect(await world.resultOf('cat')).toMatchObject({ failure: { class: 'exhausted' } })
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

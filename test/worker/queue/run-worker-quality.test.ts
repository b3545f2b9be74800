import { describe, expect, test } from 'vitest'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { aWorld, idOf } from './a-world.ts'

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

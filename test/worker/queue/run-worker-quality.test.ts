import { describe, expect, test } from 'vitest'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test('a clip that does not pass its checks is made once more, with the fallback decode, before the job that comes up', async () => {
  const setup = workerSetup({
    images: ['seams', 'next', 'last'],
    faultsOf: (image, path) => (image === 'seams' && path === 'as-asked' ? ['flickers'] : []),
  })

  await setup.run()

  expect(setup.stages.filter((stage) => !stage.includes('prepare'))).toEqual([
    '1 render seams',
    '11 finish seams',
    '11 render next',
    '21 render seams',
    '31 finish seams',
    '33 finish next',
    '33 render last',
    '43 finish last',
  ])
  expect(await setup.resultOf('seams')).toMatchObject({
    state: 'succeeded',
    safer_path: true,
    device_seconds: 20,
  })
  expect(await setup.resultOf('next')).toMatchObject({ safer_path: false })
})

describe('a clip with warnings', () => {
  const warningsOf = (image: string): readonly string[] => (image === 'warned' ? ['seams: flickers'] : [])

  test('is published as it is, with them in its record and its status', async () => {
    const setup = workerSetup({ images: ['warned'], warningsOf })

    await setup.run()

    expect(setup.stages.map((stage) => stage.split(' ')[1])).toEqual(['prepare', 'render', 'finish'])
    expect(await setup.resultOf('warned')).toMatchObject({
      ...{ state: 'succeeded', attempt: 1, safer_path: false, failure: null },
      outputs: [{ quality: { faults: [], warnings: ['seams: flickers'] } }],
    })
    expect(await setup.statusOf('warned')).toMatchObject({
      ...{ state: 'succeeded', message: 'published with warnings: seams: flickers' },
    })
  })

  test('is no proof that the worker makes good clips', async () => {
    const faultsOf = (image: string): readonly string[] => (image === 'black' ? ['black: frame 0'] : [])
    const options = { untilIdleSeconds: 300 }
    const setup = workerSetup({ images: ['black', 'warned'], faultsOf, warningsOf, options, maxAttempts: 5 })

    await setup.run()

    expect(await setup.resultOf('warned')).toMatchObject({ state: 'succeeded' })
    expect(await setup.resultOf('black')).toMatchObject({
      failure: { class: 'quality', reason: expect.stringMatching(/^unconfirmed by another worker: /) },
    })
  })
})

describe('a clip that does not pass there either', () => {
  const quality = [{ faults: ['is black as-asked'] }, { faults: ['is black fallback-decode'] }]
  const blackOnly = (image: string, path: string): readonly string[] =>
    image === 'black' ? [`is black ${path}`] : []

  test('fails with both figures once another clip has passed on the worker', async () => {
    const options = { untilIdleSeconds: 100 }
    const setup = workerSetup({ images: ['black', 'cat'], faultsOf: blackOnly, options })

    await setup.run()

    expect(setup.eventsOf('job-retry').map(({ jobId }) => jobId)).toEqual([idOf('black')])
    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    const reason = 'the clip did not pass its checks: is black as-asked; is black fallback-decode'
    expect(await setup.resultOf('black')).toMatchObject({
      ...{ state: 'failed', failure: { class: 'quality', reason, quality } },
    })
  })

  test('fails as unconfirmed after two further attempts where nothing else passed', async () => {
    const options = { untilIdleSeconds: 300 }
    const setup = workerSetup({ images: ['black'], faultsOf: blackOnly, options, maxAttempts: 5 })

    await setup.run()

    expect(setup.eventsOf('job-retry')).toHaveLength(2)
    expect(await setup.resultOf('black')).toMatchObject({
      state: 'failed',
      failure: {
        class: 'quality',
        reason: expect.stringMatching(/^unconfirmed by another worker: /),
        quality,
      },
    })
  })

  test('is kept, by each attempt, apart from any output, and named by the failed record', async () => {
    const setup = workerSetup({
      images: ['black', 'cat'],
      faultsOf: blackOnly,
      options: { untilIdleSeconds: 100 },
    })

    await setup.run()

    const folder = `jobs/${idOf('black')}/`
    const kept = setup.store.keys().filter((key) => key.startsWith(`${folder}rejected/`))
    expect(kept.map((key) => key.slice(folder.length))).toEqual([
      expect.stringMatching(/^rejected\/0001-[0-9a-f]{16}\/video\.mp4$/),
      expect.stringMatching(/^rejected\/0001-[0-9a-f]{16}\/video\.poster\.png$/),
      expect.stringMatching(/^rejected\/0002-[0-9a-f]{16}\/video\.mp4$/),
      expect.stringMatching(/^rejected\/0002-[0-9a-f]{16}\/video\.poster\.png$/),
    ])
    for (const key of kept) expect(setup.store.tagsOf(key)).toEqual({ 'svd-batch': 'rejected' })
    const record = resultRecordSchema.parse(await setup.resultOf('black'))
    expect(record.outputs).toEqual([])
    const { rejected = [] } = record.failure ?? {}
    expect(rejected.flatMap(({ video, poster }) => [video.key, poster.key])).toEqual(kept)
    expect(rejected.map(({ quality }) => quality.faults)).toEqual([
      ['is black fallback-decode'],
      ['is black fallback-decode'],
    ])
    expect(setup.eventsOf('clip-rejected')).toMatchObject([
      { videos: [kept[0]], failure: null },
      { videos: [kept[2]], failure: null },
    ])
  })

  test('is judged the same where it cannot be kept, and that is reported', async () => {
    const options = { untilIdleSeconds: 300 }
    const setup = workerSetup({
      ...{ images: ['black', 'cat'], faultsOf: blackOnly, options },
      storeFaults: {
        before(operation, key) {
          if (operation === 'create' && key.includes('/rejected/')) throw new Error('AccessDenied')
        },
      },
    })

    await setup.run()

    expect(await setup.resultOf('black')).toMatchObject({
      ...{ state: 'failed', failure: { class: 'quality', quality, rejected: [] } },
    })
    expect(setup.store.keys().filter((key) => key.includes('/rejected/'))).toEqual([])
    const failure = 'the bucket memory does not answer: AccessDenied'
    expect(setup.eventsOf('clip-rejected')).toMatchObject([
      { videos: [], failure },
      { videos: [], failure },
    ])
  })

  test('is no output of the job whose next attempt passes', async () => {
    let finished = 0
    const setup = workerSetup({
      images: ['once'],
      faultsOf: () => (finished++ < 2 ? ['is black'] : []),
      options: { untilIdleSeconds: 100 },
    })

    await setup.run()

    const record = resultRecordSchema.parse(await setup.resultOf('once'))
    expect(record).toMatchObject({ state: 'succeeded', attempt: 2, failure: null })
    expect(record.outputs.map(({ video }) => video.key)).toEqual([expect.stringContaining('/attempts/0002-')])
    expect(setup.store.keys().filter((key) => key.includes('/rejected/0001-'))).toHaveLength(2)
  })

  test('of three jobs in a row ends the worker as one that failed, and no job has failed', async () => {
    const images = ['a', 'b', 'c']
    const setup = workerSetup({ images, faultsOf: () => ['is black'], options: { untilIdleSeconds: 300 } })

    expect(await setup.run()).toMatchObject({ failing: true })

    for (const image of images) expect(await setup.resultOf(image)).toBeNull()
  })
})

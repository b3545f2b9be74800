import { describe, expect, test } from 'vitest'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { idOf, workerSetup } from './worker-setup.ts'

test('a clip that fails its checks is rendered again with the fallback decode before the next job starts', async () => {
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

  test('is published, and its result and its status record the warnings', async () => {
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

  test('does not confirm that the worker renders valid clips', async () => {
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

describe('a clip that fails its checks with both decodes', () => {
  const quality = [{ faults: ['is black as-asked'] }, { faults: ['is black fallback-decode'] }]
  const blackOnly = (image: string, path: string): readonly string[] =>
    image === 'black' ? [`is black ${path}`] : []

  test('fails its job with the faults of both decodes once another clip has passed on the worker', async () => {
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

  test('fails its job as unconfirmed after two retries when no other clip passed', async () => {
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

  test('is stored under rejected/ by each attempt, and the failed result lists it', async () => {
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

  test('fails its job also when the clip cannot be stored, and the event has the reason', async () => {
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

  test('is not an output of its job when the next attempt succeeds', async () => {
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

  test('shuts the worker down as failing after three such jobs in a row, and fails no job', async () => {
    const images = ['a', 'b', 'c']
    const setup = workerSetup({ images, faultsOf: () => ['is black'], options: { untilIdleSeconds: 300 } })

    expect(await setup.run()).toMatchObject({ failing: true })

    for (const image of images) expect(await setup.resultOf(image)).toBeNull()
  })
})

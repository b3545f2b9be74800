import { describe, expect, test } from 'vitest'
import { LATELY_MS } from '../../../functions/ingest/event-times.ts'
import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { ingestSetup } from './ingest-setup.ts'

const KEY = 'images/a.png'
const SIGNAL = new AbortController().signal

const filesOf = ({
  parameters: { format, crf, loop },
}: {
  readonly parameters: object & { format?: unknown; crf?: unknown; loop?: unknown }
}) => ({
  ...(format !== undefined && { format }),
  ...(crf !== undefined && { crf }),
  ...(loop !== undefined && { loop }),
})

describe('the formats of an image', () => {
  test('are read from its S3 metadata', async () => {
    const setup = ingestSetup()
    const metadata = { 'svd-format': 'gif, webm', 'svd-crf': '30', 'svd-loop': 'true' }
    await setup.upload(KEY, await aPng(), { metadata })
    expect(setup.jobs().map(filesOf)).toEqual([{ format: ['webm', 'gif'], crf: 30, loop: true }])
  })

  test('are read from its sidecar, as text or as a list', async () => {
    for (const format of ['prores,mp4', ['mp4', 'prores', 'mp4']]) {
      const setup = ingestSetup()
      await setup.put(`${KEY}.json`, JSON.stringify({ format, loop: false }))
      await setup.upload(KEY, await aPng())
      expect(setup.jobs().map(filesOf)).toEqual([{ format: ['mp4', 'prores'] }])
    }
  })

  test('do not change the job id when they are the default', async () => {
    const ids = new Set<string>()
    for (const given of [{}, { format: 'mp4' }, { crf: 18 }, { loop: false }]) {
      const setup = ingestSetup()
      await setup.put(`${KEY}.json`, JSON.stringify(given))
      await setup.upload(KEY, await aPng())
      for (const { job_id } of setup.jobs()) ids.add(job_id)
    }
    expect(ids.size).toBe(1)
  })

  test.each([
    [{ format: 'avi' }, 'sidecar.format', /^got 'avi'; must be one or more of mp4, webm/],
    [{ format: 'gif', crf: 20 }, 'sidecar.crf', /^got 20, and gif has no CRF/],
    [{ crf: 60 }, 'sidecar.crf', /^got 60; must be a whole number from 1 to 51 for mp4/],
    [{ format: ['gif'], fps: 60 }, 'sidecar.fps', /^got 60; a gif has at most 50 frames per second/],
    [{ loop: 'yes' }, 'sidecar.loop', /^got 'yes'; must be true or false/],
  ])('given as %o are refused', async (given, field, message) => {
    const setup = ingestSetup()
    await setup.put(`${KEY}.json`, JSON.stringify(given))
    await setup.upload(KEY, await aPng())
    expect(await setup.report(KEY)).toMatchObject({
      state: 'rejected',
      faults: [{ field, message: expect.stringMatching(message) }],
    })
  })
})

describe('the formats of a manifest', () => {
  test('may be a grid, in which crf applies only to formats that have a CRF', async () => {
    const setup = ingestSetup()
    await setup.put(KEY, await aPng())
    await setup.upload(
      'manifests/m.json',
      JSON.stringify({
        defaults: { crf: 30 },
        items: [{ image: KEY, grid: { format: ['mp4', 'gif', ['gif', 'webm'], 'webm,gif'] } }],
      }),
    )
    expect((await setup.report('manifests/m.json'))?.faults).toEqual([])
    expect(setup.jobs().map(filesOf)).toEqual([
      { crf: 30 },
      { format: ['gif'] },
      { format: ['webm', 'gif'], crf: 30 },
    ])
  })
})

test('an image with a finished MP4 gets another job for its GIF, whose report has done_before false', async () => {
  const setup = ingestSetup()
  await setup.upload(KEY, await aPng())
  const [mp4] = setup.jobs()
  await setup.output.put(
    resultKey(mp4!.job_id),
    new Uint8Array(1),
    { contentType: 'application/json' },
    SIGNAL,
  )
  setup.wait(LATELY_MS)

  await setup.upload(KEY, await aPng(), { metadata: { 'svd-format': 'gif' } })

  const [, gif] = setup.jobs()
  expect(gif?.parameters).toMatchObject({ format: ['gif'] })
  expect(gif?.job_id).not.toBe(mp4?.job_id)
  expect((await setup.report(KEY))?.jobs).toMatchObject([{ job_id: gif?.job_id, done_before: false }])

  await setup.output.put(
    resultKey(gif!.job_id),
    new Uint8Array(1),
    { contentType: 'application/json' },
    SIGNAL,
  )
  setup.wait(LATELY_MS)
  await setup.upload(KEY, await aPng(), { metadata: { 'svd-format': 'gif,gif' } })
  expect(setup.jobs()).toHaveLength(2)
  expect((await setup.report(KEY))?.jobs).toMatchObject([{ job_id: gif?.job_id, done_before: true }])
})

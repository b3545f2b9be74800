import { describe, expect, test } from 'vitest'
import { reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { IMAGE, MANIFEST, notifySetup } from './notify-setup.ts'
import { firstJob, ids, requests } from './published-events.ts'

describe('a result', () => {
  test('is announced with its request, files and context', async () => {
    const setup = notifySetup()
    await setup.uploadImage({ 'svd-context': '{"order": 7}' })
    const jobId = firstJob(setup)
    expect(await setup.notify(await setup.end(jobId))).toEqual({ batchItemFailures: [] })
    const result = aResult({ job: setup.jobs()[0]! })
    expect(setup.published).toEqual([
      {
        type: 'request.ended',
        version: 1,
        event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        upload: {
          kind: 'image',
          bucket: 'input',
          key: IMAGE,
          version_id: null,
          etag: (await setup.report(IMAGE))?.etag,
        },
        item: null,
        item_id: null,
        context: { order: 7 },
        source_key: IMAGE,
        done_before: false,
        job_id: jobId,
        attempt: 1,
        state: 'succeeded',
        failure: null,
        warnings: [],
        output_bucket: 'output',
        outputs: result.outputs.map(({ video, poster, frames }) => ({
          ...{ video, poster, frames },
          files: [{ format: 'mp4', ...video }],
        })),
        started_at: result.started_at,
        finished_at: result.finished_at,
        device_seconds: 55,
        cost_usd: 0.012,
      },
    ])
    expect(setup.told).toEqual([{ type: 'announced', key: resultKey(jobId), events: setup.published }])
  })

  test('of a failed job is announced with its reason, which is cut to 2,000 characters', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const failure = { class: 'quality' as const, reason: 'x'.repeat(9_000), quality: [], rejected: [] }
    await setup.notify(await setup.end(firstJob(setup), { state: 'failed', outputs: [], failure }))
    expect(requests(setup)).toMatchObject([
      { state: 'failed', outputs: [], failure: { class: 'quality', reason: `${'x'.repeat(2_000)}…` } },
    ])
  })

  test('that serves two items is announced for both, each with its own context', async () => {
    const setup = notifySetup()
    await setup.putImage()
    await setup.uploadManifest([
      { image: IMAGE, id: 'one', context: { order: 1 } },
      { image: IMAGE, id: 'two', context: { order: 2 } },
    ])
    expect(setup.jobIds()).toHaveLength(1)
    await setup.notify(await setup.end(firstJob(setup)))
    expect(requests(setup).map(({ item, item_id, context }) => [item, item_id, context])).toEqual([
      [1, 'one', { order: 1 }],
      [2, 'two', { order: 2 }],
    ])
    expect(new Set(ids(requests(setup))).size).toBe(2)
  })

  test('of a job that two uploads ordered is announced for both', async () => {
    const setup = notifySetup()
    await setup.uploadImage({ 'svd-context': '{"from": "image"}' })
    await setup.uploadManifest([{ image: IMAGE }], { context: { from: 'manifest' } })
    expect(setup.jobIds()).toHaveLength(1)
    await setup.notify(await setup.end(firstJob(setup)))
    expect(requests(setup).map(({ context }) => context)).toEqual([{ from: 'image' }, { from: 'manifest' }])
  })

  test('that is delivered twice has events with the same ids', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const key = await setup.end(firstJob(setup))
    await setup.notify(key)
    await setup.notify(key)
    const [first, second] = requests(setup)
    expect(second).toEqual(first)
  })

  test('of a later attempt has an event id of its own', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const jobId = firstJob(setup)
    await setup.notify(await setup.end(jobId, { state: 'failed', outputs: [] }))
    await setup.bringBack(jobId)
    await setup.notify(await setup.end(jobId, { attempt: 2, finished_at: '2026-01-02T04:00:00.000Z' }))
    expect(new Set(ids(requests(setup))).size).toBe(2)
    expect(requests(setup).map(({ state }) => state)).toEqual(['failed', 'succeeded'])
  })

  test('that was archived by a redrive is not announced', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const key = await setup.end(firstJob(setup))
    await setup.bringBack(firstJob(setup))
    expect(await setup.notify(key)).toEqual({ batchItemFailures: [] })
    expect(setup.published).toEqual([])
  })

  test('of a job without a report is announced when the report is written', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.output.delete(reportKey(IMAGE), unaborted)
    await setup.notify(await setup.end(firstJob(setup)))
    expect(setup.published).toEqual([])
    await setup.uploadImage()
    await setup.notify(reportKey(IMAGE))
    expect(requests(setup)).toMatchObject([{ state: 'succeeded', done_before: true }])
  })

  test('of an unknown version fails its message, so that SQS delivers it again', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const key = await setup.end(firstJob(setup), { version: 2 as never })
    expect(await setup.notify(key)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect(setup.told).toMatchObject([
      {
        type: 'failed',
        key,
        error: {
          message: `s3://${setup.output.bucket}/${key}: is not a record that this version reads; use the version that wrote it`,
        },
      },
    ])
  })

  test('with an order of an unknown version fails its message, so that SQS delivers it again', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const order = `orders/${firstJob(setup)}/x.json`
    await setup.output.put(
      order,
      new TextEncoder().encode('{"version": 2}'),
      { contentType: 'application/json' },
      unaborted,
    )
    expect(await setup.notify(await setup.end(firstJob(setup)))).toMatchObject({ batchItemFailures: [{}] })
    expect(setup.published).toEqual([])
  })
})

describe('a job that two uploads ordered at the same moment', () => {
  // The slower run ended between sending its message and recording its order, and a worker got that message.
  test('is announced also to the upload in its status', async () => {
    const setup = notifySetup()
    await setup.uploadImage({ 'svd-context': '{"from": "faster"}' })
    const [job] = setup.jobs()
    if (job === undefined) throw new Error('no job was queued')
    const slower = { ...job, origin: { ...job.origin, key: 'images/slower.png' } }
    await setup.notify(await setup.end(job.job_id, { job: slower }))
    expect(requests(setup).map(({ upload, context }) => [upload.key, context])).toEqual([
      [IMAGE, { from: 'faster' }],
    ])
  })
})

describe('a failed job whose result is the only record that names an upload', () => {
  test('is announced to that upload also after a redrive', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    const [job] = setup.jobs()
    if (job === undefined) throw new Error('no job was queued')
    const ofManifest = { ...job, origin: { ...job.origin, key: MANIFEST } }
    await setup.end(job.job_id, { state: 'failed', outputs: [], job: ofManifest })
    await setup.uploadManifest([{ image: IMAGE, context: { from: 'manifest' } }])
    await setup.bringBack(job.job_id)
    await setup.notify(await setup.end(job.job_id, { attempt: 2 }))
    expect(requests(setup).map(({ upload }) => upload.key)).toEqual([IMAGE, MANIFEST])
  })
})

test.each([statusKey('0'.repeat(32)), 'inputs/x.png', 'jobs/x/result.json', 'jobs/result.json'])(
  'notify announces nothing for the key %s',
  async (key) => {
    const setup = notifySetup()
    expect(await setup.notify(key)).toEqual({ batchItemFailures: [] })
    expect(setup.published).toEqual([])
  },
)

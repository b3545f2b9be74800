import { describe, expect, test } from 'vitest'
import { reportKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import type { PipelineEvent, RequestEnded } from '../../../shared/contracts/pipeline-event.ts'
import { aResult } from '../../fixtures/job-records.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { s3Event } from '../ingest/a-world.ts'
import { aNotifiedWorld, IMAGE, MANIFEST, type NotifiedWorld } from './a-notified-world.ts'

const requests = ({ published }: Pick<NotifiedWorld, 'published'>): readonly RequestEnded[] =>
  published.filter((event) => event.type === 'request.ended')

const ids = (events: readonly PipelineEvent[]): readonly string[] => events.map(({ event_id }) => event_id)

const firstJob = (world: NotifiedWorld): string => world.jobIds()[0] ?? ''

describe('a result', () => {
  test('is announced with its request, its files and its context', async () => {
    const world = aNotifiedWorld()
    await world.dropImage({ 'svd-context': '{"order": 7}' })
    const jobId = firstJob(world)
    expect(await world.notify(await world.end(jobId))).toEqual({ batchItemFailures: [] })
    const result = aResult({ job: world.jobs()[0]! })
    expect(world.published).toEqual([
      {
        type: 'request.ended',
        version: 1,
        event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        upload: {
          kind: 'image',
          bucket: 'input',
          key: IMAGE,
          version_id: null,
          etag: (await world.report(IMAGE))?.etag,
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
        outputs: result.outputs.map(({ video, poster, frames }) => ({ video, poster, frames })),
        started_at: result.started_at,
        finished_at: result.finished_at,
        device_seconds: 55,
        cost_usd: 0.012,
      },
    ])
    expect(world.told).toEqual([{ type: 'announced', key: resultKey(jobId), events: world.published }])
  })

  test('that failed says why, and a reason is cut', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const failure = { class: 'quality' as const, reason: 'x'.repeat(9_000), quality: [], rejected: [] }
    await world.notify(await world.end(firstJob(world), { state: 'failed', outputs: [], failure }))
    expect(requests(world)).toMatchObject([
      { state: 'failed', outputs: [], failure: { class: 'quality', reason: `${'x'.repeat(2_000)}…` } },
    ])
  })

  test('of two requests is announced to both, each with its own context', async () => {
    const world = aNotifiedWorld()
    await world.putImage()
    await world.dropManifest([
      { image: IMAGE, id: 'one', context: { order: 1 } },
      { image: IMAGE, id: 'two', context: { order: 2 } },
    ])
    expect(world.jobIds()).toHaveLength(1)
    await world.notify(await world.end(firstJob(world)))
    expect(requests(world).map(({ item, item_id, context }) => [item, item_id, context])).toEqual([
      [1, 'one', { order: 1 }],
      [2, 'two', { order: 2 }],
    ])
    expect(new Set(ids(requests(world))).size).toBe(2)
  })

  test('of a job that two uploads ordered is announced to both', async () => {
    const world = aNotifiedWorld()
    await world.dropImage({ 'svd-context': '{"from": "image"}' })
    await world.dropManifest([{ image: IMAGE }], { context: { from: 'manifest' } })
    expect(world.jobIds()).toHaveLength(1)
    await world.notify(await world.end(firstJob(world)))
    expect(requests(world).map(({ context }) => context)).toEqual([{ from: 'image' }, { from: 'manifest' }])
  })

  test('that is delivered twice has events with the same ids', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const key = await world.end(firstJob(world))
    await world.notify(key)
    await world.notify(key)
    const [first, second] = requests(world)
    expect(second).toEqual(first)
  })

  test('of a later attempt has an event of its own', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const jobId = firstJob(world)
    await world.notify(await world.end(jobId, { state: 'failed', outputs: [] }))
    await world.bringBack(jobId)
    await world.notify(await world.end(jobId, { attempt: 2, finished_at: '2026-01-02T04:00:00.000Z' }))
    expect(new Set(ids(requests(world))).size).toBe(2)
    expect(requests(world).map(({ state }) => state)).toEqual(['failed', 'succeeded'])
  })

  test('that was taken away again is not announced', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const key = await world.end(firstJob(world))
    await world.bringBack(firstJob(world))
    expect(await world.notify(key)).toEqual({ batchItemFailures: [] })
    expect(world.published).toEqual([])
  })

  test('of a job without a report waits for the report', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.output.delete(reportKey(IMAGE), unaborted)
    await world.notify(await world.end(firstJob(world)))
    expect(world.published).toEqual([])
    await world.dropImage()
    await world.notify(reportKey(IMAGE))
    expect(requests(world)).toMatchObject([{ state: 'succeeded', done_before: true }])
  })

  test('that this version cannot read fails, and comes again', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const key = await world.end(firstJob(world), { version: 2 as never })
    expect(await world.notify(key)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect(world.told).toMatchObject([
      {
        type: 'failed',
        key,
        error: {
          message: `s3://${world.output.bucket}/${key}: is not a record that this version reads; use the version that wrote it`,
        },
      },
    ])
  })

  test('of an order that this version cannot read fails, and comes again', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const order = `orders/${firstJob(world)}/x.json`
    await world.output.put(
      order,
      new TextEncoder().encode('{"version": 2}'),
      { contentType: 'application/json' },
      unaborted,
    )
    expect(await world.notify(await world.end(firstJob(world)))).toMatchObject({ batchItemFailures: [{}] })
    expect(world.published).toEqual([])
  })
})

describe('a job that two uploads ordered at the same moment', () => {
  // The slower run ended between sending its message and recording its order, and a worker got that message.
  test('is announced to the upload in its status, too', async () => {
    const world = aNotifiedWorld()
    await world.dropImage({ 'svd-context': '{"from": "faster"}' })
    const [job] = world.jobs()
    if (job === undefined) throw new Error('no job was queued')
    const slower = { ...job, origin: { ...job.origin, key: 'images/slower.png' } }
    await world.notify(await world.end(job.job_id, { job: slower }))
    expect(requests(world).map(({ upload, context }) => [upload.key, context])).toEqual([
      [IMAGE, { from: 'faster' }],
    ])
  })
})

describe('a failed job whose result alone names an upload', () => {
  test('is announced to that upload after a redrive, too', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    const [job] = world.jobs()
    if (job === undefined) throw new Error('no job was queued')
    const ofManifest = { ...job, origin: { ...job.origin, key: MANIFEST } }
    await world.end(job.job_id, { state: 'failed', outputs: [], job: ofManifest })
    await world.dropManifest([{ image: IMAGE, context: { from: 'manifest' } }])
    await world.bringBack(job.job_id)
    await world.notify(await world.end(job.job_id, { attempt: 2 }))
    expect(requests(world).map(({ upload }) => upload.key)).toEqual([IMAGE, MANIFEST])
  })
})

describe('a report that ingest writes once more, because its event came twice', () => {
  test.each([
    ['an image', IMAGE],
    ['a manifest', MANIFEST],
  ])('on %s announces the same events, although the job has ended since', async (_, key) => {
    const world = aNotifiedWorld()
    const { etag } = await world.putImage()
    const dropAgain = async () => {
      const info = await world.input.head(key, unaborted)
      await world.ingest(s3Event({ key, etag: info?.etag ?? etag, sequencer: '00A5' }))
    }
    if (key === MANIFEST) await world.put(MANIFEST, JSON.stringify({ items: [{ image: IMAGE }] }))
    await dropAgain()
    await world.notify(await world.end(firstJob(world)))
    await dropAgain()
    await world.notify(reportKey(key))
    expect(requests(world).map(({ done_before }) => done_before)).toEqual([false, false])
    expect(new Set(ids(world.published)).size).toBe(key === MANIFEST ? 2 : 1)
  })
})

describe('a report', () => {
  test('announces jobs that were done before', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.end(firstJob(world))
    await world.dropManifest([{ image: IMAGE, context: { order: 1 } }])
    await world.notify(reportKey(MANIFEST))
    expect(requests(world)).toMatchObject([
      { upload: { kind: 'manifest', key: MANIFEST }, item: 1, context: { order: 1 }, done_before: true },
    ])
  })

  test('announces nothing of jobs that have no result', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.notify(reportKey(IMAGE))
    expect(world.published).toEqual([])
  })

  test('of the same image uploaded once more is another request', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.notify(await world.end(firstJob(world)))
    await world.dropImage()
    await world.notify(reportKey(IMAGE))
    expect(requests(world).map(({ done_before }) => done_before)).toEqual([false, true])
    expect(new Set(ids(requests(world))).size).toBe(2)
  })

  test('that changes the context alone is another request', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.notify(await world.end(firstJob(world)))
    await world.drop(`${IMAGE}.json`, '{"context": {"order": 2}}')
    await world.notify(reportKey(IMAGE))
    expect(requests(world).map(({ context }) => context)).toEqual([null, { order: 2 }])
    expect(new Set(ids(requests(world))).size).toBe(2)
  })

  test('on a rejected image announces that alone, with its context', async () => {
    const world = aNotifiedWorld()
    await world.dropImage({ 'svd-fps': 'x', 'svd-context': '{"order": 7}' })
    await world.notify(reportKey(IMAGE))
    expect(world.published).toMatchObject([
      {
        type: 'upload.rejected',
        upload: { kind: 'image', key: IMAGE },
        context: { order: 7 },
        report_key: reportKey(IMAGE),
        faults: [{ field: 'svd-fps' }],
      },
    ])
  })

  test('on an upload outside both folders says so', async () => {
    const world = aNotifiedWorld()
    await world.drop('photo.png', await aPng())
    await world.notify(reportKey('photo.png'))
    expect(world.published).toMatchObject([{ type: 'upload.rejected', upload: { kind: 'other' } }])
  })

  test('on an image that a faulty sidecar rejects is one event, whatever ingest decided of its jobs', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.drop(`${IMAGE}.json`, '{"parameters": {"fps": 0}}')
    const report = await world.report(IMAGE)
    await world.notify(reportKey(IMAGE))
    const undecided = report?.faults.map((fault) => ({ ...fault, message: `${fault.message} (other)` })) ?? []
    const faults = [report?.faults[0], undecided.at(-1)]
    const body = new TextEncoder().encode(JSON.stringify({ ...report, faults }))
    await world.output.put(reportKey(IMAGE), body, { contentType: 'application/json' }, unaborted)
    await world.notify(reportKey(IMAGE))
    expect(world.published).toMatchObject([
      { type: 'upload.rejected', faults: [{ field: 'sidecar.parameters.fps' }] },
      { type: 'upload.rejected', faults: [{ field: 'sidecar.parameters.fps' }] },
    ])
    expect(world.published[1]).toEqual(world.published[0])
  })

  test('of a version has the same events where a run for its sidecar wrote it first, without a sequencer', async () => {
    const world = aNotifiedWorld({ versioned: true })
    await world.dropImage()
    await world.notify(await world.end(firstJob(world)))
    const report = await world.report(IMAGE)
    expect(report?.sequencer).not.toBeNull()
    const body = new TextEncoder().encode(JSON.stringify({ ...report, sequencer: null }))
    await world.output.put(reportKey(IMAGE), body, { contentType: 'application/json' }, unaborted)
    await world.notify(reportKey(IMAGE))
    expect(requests(world)).toHaveLength(2)
    expect(requests(world)[1]).toEqual(requests(world)[0])
  })

  test('that comes again after its jobs have ended does not call them done before', async () => {
    const world = aNotifiedWorld({ versioned: true })
    const image = await world.putImage()
    await world.ingest(s3Event(image))
    await world.output.delete(reportKey(IMAGE), unaborted)
    await world.end(firstJob(world))
    await world.ingest(s3Event(image))
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ done_before: false }])
    await world.dropImage()
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ done_before: true }])
  })

  test('announces no request that was rejected', async () => {
    const world = aNotifiedWorld()
    await world.putImage()
    await world.dropManifest([{ image: IMAGE }, { image: 'images/absent.png' }])
    await world.end(firstJob(world))
    await world.notify(reportKey(MANIFEST))
    expect(requests(world).map(({ item }) => item)).toEqual([1])
  })

  test('that supersedes a job announces the one that it names', async () => {
    const world = aNotifiedWorld()
    await world.dropImage()
    await world.drop(`${IMAGE}.json`, '{"parameters": {"fps": 12}}')
    const [old = '', current = ''] = world.jobIds()
    await world.notify(await world.end(old, { state: 'cancelled', outputs: [] }))
    expect(world.published).toEqual([])
    await world.notify(await world.end(current))
    expect(requests(world).map(({ job_id }) => job_id)).toEqual([current])
    // Without a request nothing is told either.
    expect(world.told).toHaveLength(1)
  })
})

test.each([statusKey('0'.repeat(32)), 'inputs/x.png', 'jobs/x/result.json', 'jobs/result.json'])(
  'nothing is announced of %s',
  async (key) => {
    const world = aNotifiedWorld()
    expect(await world.notify(key)).toEqual({ batchItemFailures: [] })
    expect(world.published).toEqual([])
  },
)

import { describe, expect, test } from 'vitest'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { s3Event } from '../ingest/ingest-setup.ts'
import { IMAGE, MANIFEST, notifySetup } from './notify-setup.ts'
import { firstJob, ids, requests } from './published-events.ts'

describe('a report that ingest writes again because its event is repeated', () => {
  test.each([
    ['an image', IMAGE],
    ['a manifest', MANIFEST],
  ])('announces the same events for %s, although the job has ended meanwhile', async (_, key) => {
    const setup = notifySetup()
    const { etag } = await setup.putImage()
    const uploadAgain = async () => {
      const info = await setup.input.head(key, unaborted)
      await setup.ingest(s3Event({ key, etag: info?.etag ?? etag, sequencer: '00A5' }))
    }
    if (key === MANIFEST) await setup.put(MANIFEST, JSON.stringify({ items: [{ image: IMAGE }] }))
    await uploadAgain()
    await setup.notify(await setup.end(firstJob(setup)))
    await uploadAgain()
    await setup.notify(reportKey(key))
    expect(requests(setup).map(({ done_before }) => done_before)).toEqual([false, false])
    expect(new Set(ids(setup.published)).size).toBe(key === MANIFEST ? 2 : 1)
  })
})

describe('a report', () => {
  test('announces jobs that had a result before', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.end(firstJob(setup))
    await setup.uploadManifest([{ image: IMAGE, context: { order: 1 } }])
    await setup.notify(reportKey(MANIFEST))
    expect(requests(setup)).toMatchObject([
      { upload: { kind: 'manifest', key: MANIFEST }, item: 1, context: { order: 1 }, done_before: true },
    ])
  })

  test('announces nothing for jobs without a result', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.notify(reportKey(IMAGE))
    expect(setup.published).toEqual([])
  })

  test('of the same image uploaded again announces another request', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.notify(await setup.end(firstJob(setup)))
    await setup.uploadImage()
    await setup.notify(reportKey(IMAGE))
    expect(requests(setup).map(({ done_before }) => done_before)).toEqual([false, true])
    expect(new Set(ids(requests(setup))).size).toBe(2)
  })

  test('that changes only the context announces another request', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.notify(await setup.end(firstJob(setup)))
    await setup.upload(`${IMAGE}.json`, '{"context": {"order": 2}}')
    await setup.notify(reportKey(IMAGE))
    expect(requests(setup).map(({ context }) => context)).toEqual([null, { order: 2 }])
    expect(new Set(ids(requests(setup))).size).toBe(2)
  })

  test('on a rejected image announces only the rejection, with its context', async () => {
    const setup = notifySetup()
    await setup.uploadImage({ 'svd-fps': 'x', 'svd-context': '{"order": 7}' })
    await setup.notify(reportKey(IMAGE))
    expect(setup.published).toMatchObject([
      {
        type: 'upload.rejected',
        upload: { kind: 'image', key: IMAGE },
        context: { order: 7 },
        report_key: reportKey(IMAGE),
        faults: [{ field: 'svd-fps' }],
      },
    ])
  })

  test('on an upload outside images/ and manifests/ announces a rejection of kind other', async () => {
    const setup = notifySetup()
    await setup.upload('photo.png', await aPng())
    await setup.notify(reportKey('photo.png'))
    expect(setup.published).toMatchObject([{ type: 'upload.rejected', upload: { kind: 'other' } }])
  })

  test('on an image that a faulty sidecar rejects announces the same event for every outcome of its jobs', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.upload(`${IMAGE}.json`, '{"parameters": {"fps": 0}}')
    const report = await setup.report(IMAGE)
    await setup.notify(reportKey(IMAGE))
    const undecided = report?.faults.map((fault) => ({ ...fault, message: `${fault.message} (other)` })) ?? []
    const faults = [report?.faults[0], undecided.at(-1)]
    const body = new TextEncoder().encode(JSON.stringify({ ...report, faults }))
    await setup.output.put(reportKey(IMAGE), body, { contentType: 'application/json' }, unaborted)
    await setup.notify(reportKey(IMAGE))
    expect(setup.published).toMatchObject([
      { type: 'upload.rejected', faults: [{ field: 'sidecar.parameters.fps' }] },
      { type: 'upload.rejected', faults: [{ field: 'sidecar.parameters.fps' }] },
    ])
    expect(setup.published[1]).toEqual(setup.published[0])
  })

  test('announces the same events when a sidecar run wrote it first without a sequencer', async () => {
    const setup = notifySetup({ versioned: true })
    await setup.uploadImage()
    await setup.notify(await setup.end(firstJob(setup)))
    const report = await setup.report(IMAGE)
    expect(report?.sequencer).not.toBeNull()
    const body = new TextEncoder().encode(JSON.stringify({ ...report, sequencer: null }))
    await setup.output.put(reportKey(IMAGE), body, { contentType: 'application/json' }, unaborted)
    await setup.notify(reportKey(IMAGE))
    expect(requests(setup)).toHaveLength(2)
    expect(requests(setup)[1]).toEqual(requests(setup)[0])
  })

  test('that is written again after its jobs ended has done_before false', async () => {
    const setup = notifySetup({ versioned: true })
    const image = await setup.putImage()
    await setup.ingest(s3Event(image))
    await setup.output.delete(reportKey(IMAGE), unaborted)
    await setup.end(firstJob(setup))
    await setup.ingest(s3Event(image))
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ done_before: false }])
    await setup.uploadImage()
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ done_before: true }])
  })

  test('does not announce rejected items as requests', async () => {
    const setup = notifySetup()
    await setup.putImage()
    await setup.uploadManifest([{ image: IMAGE }, { image: 'images/absent.png' }])
    await setup.end(firstJob(setup))
    await setup.notify(reportKey(MANIFEST))
    expect(requests(setup).map(({ item }) => item)).toEqual([1])
  })

  test('that supersedes a job announces only the job that it names', async () => {
    const setup = notifySetup()
    await setup.uploadImage()
    await setup.upload(`${IMAGE}.json`, '{"parameters": {"fps": 12}}')
    const [old = '', current = ''] = setup.jobIds()
    await setup.notify(await setup.end(old, { state: 'cancelled', outputs: [] }))
    expect(setup.published).toEqual([])
    await setup.notify(await setup.end(current))
    expect(requests(setup).map(({ job_id }) => job_id)).toEqual([current])
    // A result without a request causes no log line.
    expect(setup.told).toHaveLength(1)
  })
})

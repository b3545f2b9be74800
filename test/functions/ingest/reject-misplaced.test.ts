import { describe, expect, test } from 'vitest'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const KEY = 'holiday/a b+ü.png'

describe('an upload outside images/ and manifests/', () => {
  test('is rejected with a report that says where to upload it', async () => {
    const setup = ingestSetup({ versioned: true })
    const { etag, versionId, sequencer } = await setup.put(KEY, 'x')
    await setup.ingest(s3Event({ key: KEY, etag, versionId, sequencer }))

    expect(await setup.report(KEY)).toEqual({
      ...{ version: 1, bucket: 'input', key: KEY, version_id: versionId, etag, sequencer },
      ...{ state: 'rejected', jobs: [], superseded: [] },
      faults: [
        {
          ...{ item: null, line: null, item_id: null, field: 'key' },
          message:
            "got 'holiday/a b+ü.png'; must begin with images/ or manifests/, so no job was made of it; " +
            'upload an image as images/NAME, or a manifest as manifests/NAME',
        },
      ],
      ...{ more_faults: 0, reported_at: '2026-01-02T03:04:05.000Z' },
    })
    expect(setup.told).toMatchObject([{ type: 'reported', queued: 0 }])
    expect(setup.jobs()).toEqual([])
  })

  test.each([
    'a.png',
    'Images/a.png',
    'image/a.png',
    'manifests.json',
    'images',
    'jobs/x.png',
    'reports/a.json',
  ])('is rejected with the key %s', async (key) => {
    const setup = ingestSetup()
    await setup.upload(key, 'x')
    expect((await setup.report(key))?.state).toBe('rejected')
  })

  test('causes four requests, and none to the input bucket', async () => {
    const requests: string[] = []
    const note = (bucket: string) => ({
      before(operation: string, key: string) {
        requests.push(`${bucket} ${operation} ${key}`)
      },
    })
    const setup = ingestSetup({ inputFaults: note('input'), outputFaults: note('output') })
    await setup.ingest(s3Event({ key: 'a.png', etag: 'abc' }))
    expect(requests).toEqual([
      'output head reports/a.png.json',
      'output create reports/a.png.json',
      expect.stringMatching(/^output create index\/rejected\//),
      'output head reports/a.png.json',
    ])
  })

  test('is skipped when it is a report in a bucket that is both input and output', async () => {
    const setup = ingestSetup()
    await setup.ingest(s3Event({ bucket: 'output', key: 'reports/a.png.json' }))
    const both = { ...setup.deps, input: setup.output }
    await ingestEvent(s3Event({ bucket: 'output', key: 'reports/a.png.json' }), both, unaborted)
    expect(setup.output.keys()).toEqual([])
    expect(setup.told.map(({ type }) => type)).toEqual(['skipped', 'skipped'])
  })
})

test.each(['holiday/', 'images/', '/'])('the folder marker %s gets no report', async (key) => {
  const setup = ingestSetup()
  await setup.upload(key, '')
  expect(setup.told).toEqual([{ type: 'skipped', key, reason: 'not-ours' }])
  expect(setup.output.keys()).toEqual([])
})

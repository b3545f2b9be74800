import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { LATELY_MS } from '../../../functions/ingest/event-times.ts'
import { normalizedImageKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { hashPixels, jobIdOf } from '../../../shared/contracts/job-id.ts'
import { statusRecordSchema } from '../../../shared/contracts/status-record.ts'
import { decodeImage } from '../../../shared/image/decode-image.ts'
import { aPng, aWebp, somePixels } from '../../fixtures/images.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal

const stored = async (setup: ReturnType<typeof ingestSetup>, key: string): Promise<Uint8Array> =>
  (await setup.output.read(key, { maxBytes: 1e9 }, SIGNAL))?.bytes ?? expect.fail(`there is no ${key}`)

describe('an uploaded image', () => {
  test("becomes one job with the checkpoint's defaults, and has a status before it is rendered", async () => {
    const setup = ingestSetup()
    const { etag, sequencer } = await setup.put('images/alice/cat.png', await aPng())
    await setup.ingest(s3Event({ key: 'images/alice/cat.png', etag, sequencer }))

    const { model_id: id, sha256, defaults } = aModelRecord()
    const pixels = hashPixels(somePixels())
    const parameters = { ...defaults, seed: 0, fit: 'fill' as const, decode_overlap: 0 }
    const jobId = jobIdOf(pixels, parameters, { id, sha256 })
    const image = { key: normalizedImageKey(pixels), pixels_sha256: pixels, width: 16, height: 8 }
    const job = {
      version: 1,
      job_id: jobId,
      image: { source_key: 'images/alice/cat.png', ...image },
      parameters,
      model: { id, sha256 },
      origin: {
        ...{ kind: 'image', bucket: 'input', key: 'images/alice/cat.png', version_id: null, etag },
        ...{ item: null, item_id: null },
      },
      group: 'images/alice',
      trace_id: 'trace-1',
      submitted_at: '2026-01-02T03:04:05.000Z',
    }
    expect(setup.jobs()).toEqual([job])
    expect(setup.queue.messages()[0]?.groupId).toBe('images/alice')
    expect(await setup.report('images/alice/cat.png')).toEqual({
      ...{ version: 1, bucket: 'input', key: 'images/alice/cat.png', version_id: null, etag, sequencer },
      state: 'accepted',
      jobs: [
        {
          ...{ job_id: jobId, item: null, item_id: null, image: 'images/alice/cat.png' },
          ...{
            videos: [],
            done_before: false,
            size: { width: 64, height: 32, stretch: 1, cropped: 0, padded: 0 },
          },
        },
      ],
      ...{ superseded: [], faults: [], more_faults: 0, reported_at: '2026-01-02T03:04:05.000Z' },
    })
    expect(statusRecordSchema.parse(await setup.readOutput(statusKey(jobId)))).toEqual({
      ...{ version: 1, job_id: jobId, state: 'queued', attempt: 0, phase: null, step: 0, steps: 0 },
      ...{
        worker_id: null,
        message: null,
        attempts: [],
        waits_for_model: null,
        image: job.image,
        parameters,
        origin: job.origin,
      },
      ...{ submitted_at: job.submitted_at, updated_at: job.submitted_at },
    })
  })

  test('is stored upright as a PNG of the pixels that its job names', async () => {
    const setup = ingestSetup()
    const photo = await readFile(new URL('../../goldens/images/formats/turned-6.jpg', import.meta.url))
    await setup.upload('images/turned.jpg', photo, { contentType: 'image/jpeg' })
    const { image } = setup.jobs()[0] ?? expect.fail('no job')
    const normalized = await decodeImage(await stored(setup, image.key), 'normalised')
    expect(normalized).toEqual(await decodeImage(photo, 'photo'))
    expect([image.width, image.height]).toEqual([normalized.width, normalized.height])
    expect(image.pixels_sha256).toBe(hashPixels(normalized))
  })

  test('is the same job in another format and under another name, and is stored once', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng())
    await setup.upload('images/b.webp', await aWebp())
    const reports = [await setup.report('images/a.png'), await setup.report('images/b.webp')]
    expect(reports[0]?.jobs[0]?.job_id).toBe(reports[1]?.jobs[0]?.job_id)
    expect(setup.output.writes.filter(({ key }) => /^inputs\/[0-9a-f]+\.png$/.test(key))).toHaveLength(1)
    expect(setup.jobs()).toHaveLength(1)
  })

  test('in a folder whose name SQS would refuse gets a hashed group id', async () => {
    const setup = ingestSetup()
    await setup.upload('images/käse am morgen/a.png', await aPng())
    expect(setup.queue.messages()[0]?.groupId).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('the request of an image', () => {
  test('comes from its S3 metadata, in which other names are ignored', async () => {
    const setup = ingestSetup()
    const metadata = {
      'svd-motion-bucket-id': '60',
      'svd-seed': '18446744073709551615',
      'svd-sigmas': '700,1.5,0',
      'svd-fit': 'crop',
      mtime: '1700000000',
    }
    await setup.upload('images/a.png', await aPng(), { metadata })
    expect(setup.jobs()[0]?.parameters).toMatchObject({
      ...{ motion_bucket_id: 60, seed: '18446744073709551615', sigmas: [700, 1.5, 0], fit: 'crop' },
    })
  })

  test('comes from a sidecar, which overrides metadata', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.json', '{"parameters": {"fps": 12}, "group": "team-a"}')
    await setup.upload('images/a.png', await aPng(), { metadata: { 'svd-fps': '24', 'svd-seed': '5' } })
    expect(setup.jobs()[0]?.parameters).toMatchObject({ fps: 12, seed: 5 })
    expect(setup.jobs()[0]?.group).toBe('team-a')
  })

  test('may have its arguments beside the other fields of a sidecar, and then makes the same job', async () => {
    const nested = ingestSetup()
    await nested.put('images/a.json', '{"parameters": {"motion_bucket_id": 30}, "grid": {"seed": [1, 2]}}')
    await nested.upload('images/a.png', await aPng())
    const flat = ingestSetup()
    await flat.put('images/a.json', '{"motion_bucket_id": 30, "grid": {"seed": [1, 2]}}')
    await flat.upload('images/a.png', await aPng())
    expect(flat.jobs().map(({ parameters }) => parameters)).toMatchObject([
      { motion_bucket_id: 30, seed: 1 },
      { motion_bucket_id: 30, seed: 2 },
    ])
    expect(flat.jobs().map(({ job_id }) => job_id)).toEqual(nested.jobs().map(({ job_id }) => job_id))
  })

  test('may be a grid, which makes one job for each different combination', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.json', '{"grid": {"seed": [1, 2, 1], "fps": [6, 8]}}')
    await setup.upload('images/a.png', await aPng())
    const asked = setup.jobs().map(({ parameters }) => [parameters.seed, parameters.fps])
    expect(asked).toEqual([
      [1, 6],
      [1, 8],
      [2, 6],
      [2, 8],
    ])
    expect((await setup.report('images/a.png'))?.jobs).toHaveLength(4)
  })

  test('that needs more work than a job may have is refused, and the fault names the key of the limit', async () => {
    const setup = ingestSetup({ limits: { maxJobWork: 64 * 32 * 4 * 3 } })
    await setup.upload('images/cat.png', await aPng(), { metadata: { 'svd-num-inference-steps': '4' } })
    expect(setup.jobs()).toEqual([])
    expect((await setup.report('images/cat.png'))?.faults).toMatchObject([
      {
        field: 'svd-num-inference-steps',
        message: expect.stringMatching(
          /^the clip makes a work of 32768: .* a job may have at most 24576, .*, or raise svd:maxJobWork of the deployment$/,
        ),
      },
    ])
  })

  test('whose grid makes more clips than a manifest may have is refused', async () => {
    const setup = ingestSetup({ limits: { maxManifestClips: 2 } })
    await setup.put('images/cat.json', JSON.stringify({ grid: { seed: [1, 2, 3] } }))
    await setup.upload('images/cat.png', await aPng())
    expect(setup.jobs()).toEqual([])
    expect((await setup.report('images/cat.png'))?.faults).toMatchObject([
      { field: 'sidecar.grid', message: expect.stringMatching(/^makes 3 clips; at most 2 are accepted/) },
    ])
  })

  test('is refused as a whole, with every fault of metadata, sidecar and image', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.json', '{"parameters": {"width": 100}, "fps": 7}')
    await setup.upload('images/a.png', 'no image', { metadata: { 'svd-sed': '1', 'svd-fps': 'fast' } })
    const report = await setup.report('images/a.png')
    expect(report?.state).toBe('rejected')
    expect(report?.faults.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      expect.stringMatching(/^svd-sed: no such argument; known are /),
      expect.stringMatching(/^svd-fps: got 'fast'; must be a whole number/),
      expect.stringMatching(
        /^sidecar\.fps: got 7 beside sidecar\.parameters; .* write sidecar\.parameters\.fps, /,
      ),
      expect.stringMatching(/^sidecar\.parameters\.width: got 100; must be a multiple of 8/),
      expect.stringMatching(/^image: is not an image that can be read/),
    ])
    expect(setup.jobs()).toEqual([])
  })

  test('whose parameters contradict each other has a fault at the most specific parameter', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.json', '{"grid": {"decode_overlap": [1, 4]}}')
    await setup.upload('images/a.png', await aPng(), { metadata: { 'svd-decode-chunk-size': '3' } })
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([
      { field: 'sidecar.grid.decode_overlap', message: expect.stringMatching(/^got 4; must be smaller/) },
    ])
  })
})

test.each([
  ['svd-use', 'manifest'],
  ['svd_use', ' manifest '],
])('an image with the metadata %s: %s becomes no clip until a manifest names it', async (name, value) => {
  const setup = ingestSetup()
  await setup.upload('images/a.png', await aPng(), { metadata: { [name]: value } })
  expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.png', reason: 'for-manifest' }])
  expect(setup.output.keys()).toEqual([])
  await setup.upload('manifests/m.json', '{"items": [{"image": "images/a.png"}]}')
  expect(setup.jobs().map(({ image }) => image.source_key)).toEqual(['images/a.png'])
})

describe('the svd-use metadata', () => {
  test('is a fault when it has another value', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng(), { metadata: { 'svd-use': 'Manifest' } })
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([
      {
        field: 'svd-use',
        message:
          "got 'Manifest'; must be manifest, for an image that manifests name; leave svd-use out to have a clip made",
      },
    ])
    expect(setup.jobs()).toEqual([])
  })

  test.each(['clip', 'manifest'])(
    'is a fault when its name is spelled in two ways, manifest and %s',
    async (value) => {
      const setup = ingestSetup()
      await setup.upload('images/a.png', await aPng(), {
        metadata: { 'svd-use': 'manifest', svd_use: value },
      })
      expect((await setup.report('images/a.png'))?.faults).toMatchObject([
        { field: 'svd-use', message: "is given as 'svd-use' and 'svd_use'; keep one" },
      ])
      expect(setup.jobs()).toEqual([])
    },
  )
})

describe('ingest does not queue a job twice', () => {
  test('when an event is repeated', async () => {
    const setup = ingestSetup()
    const uploaded = await setup.put('images/a.png', await aPng())
    await setup.ingest(s3Event(uploaded))
    await setup.ingest(s3Event(uploaded))
    expect(setup.jobs()).toHaveLength(1)
    expect((await setup.report('images/a.png'))?.jobs).toMatchObject([{ done_before: false }])
  })

  test('when the job has a result, which the report states', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng())
    const jobId = setup.jobs()[0]?.job_id ?? expect.fail('no job')
    await setup.output.put(resultKey(jobId), new Uint8Array(1), { contentType: 'application/json' }, SIGNAL)
    setup.wait(LATELY_MS)
    await setup.upload('images/a.png', await aPng())
    expect(setup.jobs()).toHaveLength(1)
    expect((await setup.report('images/a.png'))?.jobs).toMatchObject([{ job_id: jobId, done_before: true }])
  })

  test('within minutes, but queues it again later without a result, because its message may be lost', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng())
    setup.wait(LATELY_MS)
    await setup.upload('images/a.png', await aPng())
    expect(setup.jobs()).toHaveLength(2)
  })
})

describe('an image that has changed since its event', () => {
  test('is ingested by the event of its new version', async () => {
    const setup = ingestSetup()
    const first = await setup.put('images/a.png', await aPng({ seed: 1 }))
    await setup.put('images/a.png', await aPng({ seed: 2 }))
    await setup.ingest(s3Event(first))
    expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.png', reason: 'changed' }])
    expect(setup.output.keys()).toEqual([])
  })

  test('is ingested by the event of its new version, also when it changes while it is read', async () => {
    const setup = ingestSetup({
      inputFaults: {
        async before(operation, key) {
          if (operation === 'read' && key === 'images/a.png') await setup.put(key, await aPng({ seed: 2 }))
        },
      },
    })
    await setup.upload('images/a.png', await aPng({ seed: 1 }))
    expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.png', reason: 'changed' }])
    expect(setup.output.keys()).toEqual([])
  })

  test('is skipped when it was deleted', async () => {
    const setup = ingestSetup()
    await setup.ingest(s3Event({ key: 'images/a.png', etag: 'abc' }))
    expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.png', reason: 'gone' }])
  })

  test('is read in its old version when the bucket keeps versions', async () => {
    const setup = ingestSetup({ versioned: true })
    const first = await setup.put('images/a.png', await aPng({ seed: 1 }))
    await setup.put('images/a.png', await aPng({ seed: 2 }))
    await setup.ingest(s3Event(first))
    expect(setup.jobs()).toMatchObject([
      {
        origin: { version_id: first.versionId, etag: first.etag },
        image: { pixels_sha256: hashPixels(somePixels({ seed: 1 })) },
      },
    ])
  })
})

describe('an object that ingest does not process', () => {
  test.each(['images/', 'images/holiday/'])('is skipped: the folder %s', async (key) => {
    const setup = ingestSetup()
    await setup.upload(key, '')
    expect(setup.told).toEqual([{ type: 'skipped', key, reason: 'not-ours' }])
  })

  test('is skipped: an object of another bucket', async () => {
    const setup = ingestSetup()
    await setup.ingest(s3Event({ bucket: 'output', key: 'images/a.png' }))
    expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.png', reason: 'not-ours' }])
  })
})

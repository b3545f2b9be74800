import { describe, expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import { aJpeg, aPng, somePixels } from '../../fixtures/images.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal
const A = { image: 'images/a.png' }
const NFC = 'Caf\u00e9'
const NFD = 'Cafe\u0301'

const lines = (...items: readonly object[]): string => items.map((item) => JSON.stringify(item)).join('\n')

describe('an uploaded manifest', () => {
  test('becomes one job for each clip, and its report lists the jobs', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng({ seed: 1 }))
    await setup.put('images/b.jpg', await aJpeg({ seed: 2 }))
    await setup.upload(
      'manifests/m.jsonl',
      lines(
        { defaults: { fps: 8 } },
        { ...A, id: 'cat', grid: { seed: [1, 2] } },
        { image: 'images/b.jpg', parameters: { num_videos_per_prompt: 2 } },
      ),
    )
    const report = await setup.report('manifests/m.jsonl')
    expect(report).toMatchObject({ state: 'accepted', faults: [], more_faults: 0 })
    const jobs = setup.jobs()
    expect(
      jobs.map(({ origin, image, parameters }) => [origin.item, image.source_key, parameters.seed]),
    ).toEqual([
      [1, 'images/a.png', 1],
      [1, 'images/a.png', 2],
      [2, 'images/b.jpg', 0],
    ])
    expect(jobs.map(({ parameters }) => parameters.fps)).toEqual([8, 8, 8])
    expect(jobs[0]?.origin).toMatchObject({
      kind: 'manifest',
      key: 'manifests/m.jsonl',
      item: 1,
      item_id: 'cat',
    })
    expect(report?.jobs).toEqual(
      jobs.map(({ job_id, origin, image }) => ({
        ...{ job_id, item: origin.item, item_id: origin.item_id, image: image.source_key },
        ...{ videos: [], done_before: false, size: expect.anything() },
      })),
    )
    for (const { job_id } of jobs) expect(await setup.readOutput(statusKey(job_id))).toMatchObject({ job_id })
  })

  test('has its jobs in a message group of its own, unless an item names another', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng())
    const items = [A, { ...A, group: 'urgent', parameters: { seed: 1 } }]
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    expect(setup.queue.messages().map(({ groupId }) => groupId)).toEqual(['manifests/m.json', 'urgent'])
  })

  test('reads each image once, although many items name it', async () => {
    const reads: string[] = []
    const setup = ingestSetup({
      inputFaults: { after: (operation, key) => void reads.push(`${operation} ${key}`) },
    })
    await setup.put('images/a.png', await aPng())
    const items = Array.from({ length: 12 }, (_, seed) => ({ ...A, parameters: { seed } }))
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    expect(setup.jobs()).toHaveLength(12)
    expect(reads.filter((read) => read === 'read images/a.png')).toHaveLength(1)
  })

  test('ignores the metadata and sidecars of its images', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng(), { metadata: { 'svd-fps': '30' } })
    await setup.put('images/a.json', '{"parameters": {"seed": 9}}')
    await setup.upload('manifests/m.json', JSON.stringify({ items: [A] }))
    expect(setup.jobs()[0]?.parameters).toMatchObject({ fps: 7, seed: 0 })
  })

  test('queues the same clip once and reports it for each item that requests it', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng())
    await setup.upload('manifests/m.json', JSON.stringify({ items: [A, A] }))
    expect(setup.jobs()).toHaveLength(1)
    expect((await setup.report('manifests/m.json'))?.jobs.map(({ item }) => item)).toEqual([1, 2])
  })

  test('reports which of its clips have a result, and does not queue those', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng())
    await setup.upload('manifests/one.json', JSON.stringify({ items: [A] }))
    const done = resultKey(setup.jobs()[0]?.job_id ?? '')
    await setup.output.put(done, new Uint8Array(1), { contentType: 'application/json' }, SIGNAL)
    await setup.upload('manifests/two.json', JSON.stringify({ items: [{ ...A, grid: { seed: [0, 1] } }] }))
    expect((await setup.report('manifests/two.json'))?.jobs.map((job) => job.done_before)).toEqual([
      true,
      false,
    ])
    expect(setup.jobs()).toHaveLength(2)
  })

  test('finds an image whose name is in another Unicode form', async () => {
    const setup = ingestSetup()
    await setup.put('images/Caf\u00e9.png', await aPng({ seed: 1 }))
    await setup.put('images/The\u0301.png', await aPng({ seed: 2 }))
    const items = [{ image: 'images/Cafe\u0301.png' }, { image: 'images/The\u0301.png' }]
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    const report = await setup.report('manifests/m.json')
    expect(report?.jobs.map(({ image }) => image)).toEqual(['images/Caf\u00e9.png', 'images/The\u0301.png'])
  })

  test.each([
    [`images/${NFD}.png`, `images/${NFC}.png`],
    [`images/${NFC}/${NFD}.png`, `images/${NFC}/${NFC}.png`],
    ['images/a.PNG', 'images/a.png'],
    [`images/${NFD}.PNG`, `images/${NFC}.png`],
  ])('finds %s by the name %s, and makes the same job as for the exact name', async (key, image) => {
    const setup = ingestSetup()
    await setup.put(key, await aPng())
    const items = [{ image }, { image: key, id: 'by its own name' }]
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    const report = await setup.report('manifests/m.json')
    expect(report).toMatchObject({ state: 'accepted', faults: [] })
    expect(report?.jobs.map((job) => job.image)).toEqual([key, key])
    expect(setup.jobs()).toHaveLength(1)
  })

  test('takes the image whose extension is spelled as in the item, when there are several', async () => {
    const setup = ingestSetup()
    const keys = ['images/a.PNG', 'images/a.png', `images/${NFC}.PNG`, `images/${NFC}.png`]
    for (const [seed, key] of keys.entries()) await setup.put(key, await aPng({ seed }))
    await setup.upload('manifests/m.json', JSON.stringify({ items: keys.map((image) => ({ image })) }))
    const report = await setup.report('manifests/m.json')
    expect(report?.jobs.map(({ image }) => image)).toEqual(keys)
  })

  test('finds an image with an ASCII name by one head request', async () => {
    const asked: string[] = []
    const setup = ingestSetup({
      inputFaults: { before: (operation, key) => void (key.startsWith('images/') && asked.push(operation)) },
    })
    await setup.put('images/a.png', await aPng())
    asked.length = 0
    await setup.upload('manifests/m.json', JSON.stringify({ items: [A] }))
    expect(asked).toEqual(['head', 'read'])
  })

  test('reports many images in the order of its items', async () => {
    const setup = ingestSetup()
    const items = Array.from({ length: 23 }, (_, i) => ({ image: `images/${i}.png` }))
    for (const [i, { image }] of items.entries()) await setup.put(image, await aPng({ seed: i }))
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    const report = await setup.report('manifests/m.json')
    expect(report?.jobs.map(({ image }) => image)).toEqual(items.map(({ image }) => image))
    expect(setup.jobs().map(({ image }) => image.pixels_sha256)).toEqual(
      items.map((_, seed) => hashPixels(somePixels({ seed }))),
    )
  })
})

describe('a faulty item of a manifest', () => {
  test('does not keep other items from being queued, and faults are reported in the order of items', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng())
    await setup.put('images/text.png', 'no image')
    await setup.put('images/really.jpg', await aPng())
    const items = [
      { image: 'images/none.png' },
      { ...A, parameters: { fps: 0 } },
      { image: 'images/text.png' },
      A,
      { image: 'images/really.jpg', id: 'mixed up' },
      { image: 'images/a.gif' },
    ]
    await setup.upload('manifests/m.json', JSON.stringify({ items }))
    const report = await setup.report('manifests/m.json')
    expect(report?.state).toBe('partly')
    expect(report?.jobs.map(({ item }) => item)).toEqual([4])
    expect(report?.faults.map(({ item, field, message }) => `${item} ${field}: ${message}`)).toEqual([
      '1 items[0].image: there is no images/none.png in input; upload the image before the manifest',
      expect.stringMatching(/^2 items\[1\]\.parameters\.fps: got 0; must be /),
      expect.stringMatching(/^3 items\[2\]\.image: images\/text\.png is not an image that can be read/),
      expect.stringMatching(/^5 items\[4\]\.image: images\/really\.jpg is a PNG by its first bytes, but its/),
      '6 items[5].image: there is no images/a.gif in input; upload the image before the manifest',
    ])
    expect(report?.faults[3]?.item_id).toBe('mixed up')
  })
})

describe('a manifest item whose image name matches two images is rejected with both names', () => {
  test.each([
    [
      `images/${NFC}.png`,
      [`images/${NFC}.png`, `images/${NFD}.png`],
      `'images/${NFD}.png' (in Unicode form NFD)`,
    ],
    ['images/a.Png', ['images/a.PNG', 'images/a.png'], "'images/a.PNG' and 'images/a.png'"],
  ])('for the name %s', async (image, keys, names) => {
    const setup = ingestSetup()
    for (const [seed, key] of keys.entries()) await setup.put(key, await aPng({ seed }))
    await setup.upload('manifests/m.json', JSON.stringify({ items: [{ image }] }))
    const report = await setup.report('manifests/m.json')
    expect(report).toMatchObject({ state: 'rejected', jobs: [], faults: [{ field: 'items[0].image' }] })
    expect(report?.faults[0]?.message).toContain(names)
    expect(report?.faults[0]?.message).toMatch(
      /^images\/.* may be .* and .*; delete all but one, then upload the manifest again$/,
    )
  })
})

test.each(['manifests/m.JSON', 'manifests/m.JsonL'])('ingest reads %s as a manifest', async (key) => {
  const setup = ingestSetup()
  await setup.put('images/a.png', await aPng())
  await setup.upload(key, key.endsWith('L') ? lines(A) : JSON.stringify({ items: [A] }))
  expect((await setup.report(key))?.jobs).toHaveLength(1)
})

test('ingest rejects a manifest whose name does not end with .json or .jsonl', async () => {
  const setup = ingestSetup()
  await setup.upload('manifests/m.yaml', 'items: []')
  expect(await setup.report('manifests/m.yaml')).toMatchObject({
    state: 'rejected',
    faults: [{ item: null, field: 'document', message: expect.stringContaining('must end with .json') }],
  })
})

test('ingest skips a manifest that was overwritten after its event', async () => {
  const setup = ingestSetup()
  const first = await setup.put('manifests/m.json', '{"items": [1]}')
  await setup.put('manifests/m.json', '{"items": [2]}')
  await setup.ingest(s3Event(first))
  expect(setup.told).toEqual([{ type: 'skipped', key: 'manifests/m.json', reason: 'changed' }])
})

test('ingest fails, and succeeds when repeated, if an image of a manifest changes while it is read', async () => {
  let changes = 1
  const setup = ingestSetup({
    inputFaults: {
      async before(operation, key) {
        if (operation === 'read' && key === 'images/a.png' && changes-- > 0) {
          await setup.put(key, await aPng({ seed: 2 }))
        }
      },
    },
  })
  await setup.put('images/a.png', await aPng({ seed: 1 }))
  const uploaded = await setup.put('manifests/m.json', JSON.stringify({ items: [A] }))
  await expect(setup.ingest(s3Event(uploaded))).rejects.toThrow('could not be ingested')
  await setup.ingest(s3Event(uploaded))
  expect(setup.jobs().map(({ image }) => image.pixels_sha256)).toEqual([hashPixels(somePixels({ seed: 2 }))])
})

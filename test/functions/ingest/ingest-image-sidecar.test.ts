import { describe, expect, test } from 'vitest'
import { aJpeg, aPng } from '../../fixtures/images.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

describe('a sidecar', () => {
  test('that is uploaded after its image has the image rendered with its arguments', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.JPG', await aJpeg())
    await setup.upload('images/a.json', '{"parameters": {"fps": 12}}')
    expect(setup.jobs().map(({ parameters }) => parameters.fps)).toEqual([7, 12])
    const report = await setup.report('images/a.JPG')
    expect(report?.jobs.map(({ job_id }) => job_id)).toEqual([setup.jobs()[1]?.job_id])
  })

  test('that is uploaded before its image is skipped', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.json', '{"parameters": {"fps": 12}}')
    expect(setup.told).toEqual([{ type: 'skipped', key: 'images/a.json', reason: 'no-picture' }])
    expect(setup.output.keys()).toEqual([])
  })

  test('that is not JSON is a fault in the report of its image', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng())
    await setup.upload('images/a.json', '{"parameters": {"fps": 12}')
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([
      { field: 'sidecar', message: expect.stringMatching(/^is not JSON/) },
    ])
  })

  test('keeps the report in the order of the events of its image', async () => {
    const setup = ingestSetup()
    const first = await setup.put('images/a.png', await aPng({ seed: 1 }))
    const second = await setup.put('images/a.png', await aPng({ seed: 2 }))
    await setup.ingest(s3Event(second))
    await setup.upload('images/a.json', '{"parameters": {"fps": 12}}')
    expect((await setup.report('images/a.png'))?.sequencer).toBe(second.sequencer)
    await setup.ingest(s3Event(first))
    expect((await setup.report('images/a.png'))?.jobs[0]?.job_id).toBe(setup.jobs()[1]?.job_id)
  })
})

const NFC = 'Caf\u00e9'

const NFD = 'Cafe\u0301'

describe('an image and its sidecar', () => {
  test.each([
    ['images/a.png', 'images/a.JSON'],
    ['images/a.PNG', 'images/a.png.json'],
    ['images/a.png', 'images/a.PNG.Json'],
    [`images/${NFD}.png`, `images/${NFC}.json`],
    [`images/${NFC}.png`, `images/${NFD}.png.json`],
    [`images/${NFC}/${NFD}.png`, `images/${NFC}/${NFC}.json`],
    ['images/한국/x.y.jpg', 'images/한국/x.y.json'.normalize('NFD')],
  ])('belong together, in either order of upload: %s and %s', async (image, sidecar) => {
    const content = image.endsWith('.jpg') ? await aJpeg() : await aPng()
    const before = ingestSetup()
    await before.upload(sidecar, '{"parameters": {"fps": 12}}')
    await before.upload(image, content)
    expect(before.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
    const after = ingestSetup()
    await after.upload(image, content)
    await after.upload(sidecar, '{"parameters": {"fps": 12}}')
    expect(after.jobs().map(({ parameters }) => parameters.fps)).toEqual([7, 12])
    expect(after.jobs()[1]?.job_id).toBe(before.jobs()[0]?.job_id)
  })

  test.each([
    'images/A.json',
    'images/ab.json',
    'images/a.b.json',
    'images/a.jpg.json',
    'images/x/a.json',
    'images/a.jsonl',
    'images/a.png.png.json',
  ])('do not belong together: images/a.png and %s', async (sidecar) => {
    const setup = ingestSetup()
    await setup.put(sidecar, '{"parameters": {"fps": 12}}')
    await setup.upload('images/a.png', await aPng())
    expect(setup.jobs().map(({ parameters }) => parameters.fps)).toEqual([7])
    await setup.upload(sidecar, '{"parameters": {"fps": 12}}')
    expect(
      setup.told.filter((told) => told.type === 'reported' && told.report.key === 'images/a.png'),
    ).toEqual([setup.told[0]])
  })

  test("belong together also when several images have the sidecar's name", async () => {
    const setup = ingestSetup()
    await setup.put('images/a.png', await aPng({ seed: 1 }))
    await setup.put('images/a.JPEG', await aJpeg({ seed: 2 }))
    await setup.upload('images/a.json', '{"parameters": {"fps": 12}}')
    expect(setup.jobs().map(({ image }) => image.source_key)).toEqual(['images/a.JPEG', 'images/a.png'])
  })

  test('are found with one S3 listing, or two if the name has two Unicode forms', async () => {
    const listed: string[] = []
    const setup = ingestSetup({
      inputFaults: { before: (operation, key) => void (operation === 'list' && listed.push(key)) },
    })
    await setup.upload('images/a.png', await aPng())
    await setup.upload(`images/${NFC}.png`, await aPng())
    expect(listed).toEqual(['images/a.', `images/${NFC}.`, `images/${NFD}.`])
  })
})

describe('ingest rejects an image with two sidecars and names both in the report', () => {
  test.each([
    ['images/a.png', ['images/a.JSON', 'images/a.json'], "'images/a.JSON' and 'images/a.json'"],
    ['images/a.png', ['images/a.json', 'images/a.png.json'], "'images/a.json' and 'images/a.png.json'"],
    [
      `images/${NFC}.png`,
      [`images/${NFC}.json`, `images/${NFD}.json`],
      `'images/${NFC}.json' (in Unicode form NFC) and 'images/${NFD}.json' (in Unicode form NFD)`,
    ],
  ])('for %s and %j', async (image, [first = '', second = ''], names) => {
    const fault = {
      field: 'sidecar',
      message: `${names} are all sidecars of this image; delete all but one, then upload that one again`,
    }
    const before = ingestSetup()
    await before.put(first, '{}')
    await before.put(second, '{"parameters": {"fps": 12}}')
    await before.upload(image, await aPng())
    expect(await before.report(image)).toMatchObject({ state: 'rejected', jobs: [], faults: [fault] })
    expect(before.jobs()).toEqual([])

    const after = ingestSetup()
    await after.put(image, await aPng())
    await after.put(first, '{}')
    await after.upload(second, '{"parameters": {"fps": 12}}')
    expect(await after.report(image)).toMatchObject({ state: 'rejected', jobs: [], faults: [fault] })
    expect(after.jobs()).toEqual([])
  })
})

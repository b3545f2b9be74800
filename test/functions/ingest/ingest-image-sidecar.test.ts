import { describe, expect, test } from 'vitest'
import { aJpeg, aPng } from '../../fixtures/pictures.ts'
import { aWorld, s3Event } from './a-world.ts'

describe('a sidecar', () => {
  test('that comes after its picture has it rendered as it says', async () => {
    const world = aWorld()
    await world.drop('images/a.JPG', await aJpeg())
    await world.drop('images/a.json', '{"parameters": {"fps": 12}}')
    expect(world.jobs().map(({ parameters }) => parameters.fps)).toEqual([7, 12])
    const report = await world.report('images/a.JPG')
    expect(report?.jobs.map(({ job_id }) => job_id)).toEqual([world.jobs()[1]?.job_id])
  })

  test('that comes before its picture does nothing', async () => {
    const world = aWorld()
    await world.drop('images/a.json', '{"parameters": {"fps": 12}}')
    expect(world.told).toEqual([{ type: 'skipped', key: 'images/a.json', reason: 'no-picture' }])
    expect(world.output.keys()).toEqual([])
  })

  test('that cannot be read is in the report of its picture', async () => {
    const world = aWorld()
    await world.put('images/a.png', await aPng())
    await world.drop('images/a.json', '{"parameters": {"fps": 12}')
    expect((await world.report('images/a.png'))?.faults).toMatchObject([
      { field: 'sidecar', message: expect.stringMatching(/^is not JSON/) },
    ])
  })

  test('leaves the report in the order of the events of its picture', async () => {
    const world = aWorld()
    const first = await world.put('images/a.png', await aPng({ seed: 1 }))
    const second = await world.put('images/a.png', await aPng({ seed: 2 }))
    await world.ingest(s3Event(second))
    await world.drop('images/a.json', '{"parameters": {"fps": 12}}')
    expect((await world.report('images/a.png'))?.sequencer).toBe(second.sequencer)
    await world.ingest(s3Event(first))
    expect((await world.report('images/a.png'))?.jobs[0]?.job_id).toBe(world.jobs()[1]?.job_id)
  })
})

const NFC = 'Caf\u00e9'

const NFD = 'Cafe\u0301'

describe('a sidecar belongs to its picture', () => {
  test.each([
    ['images/a.png', 'images/a.JSON'],
    ['images/a.PNG', 'images/a.png.json'],
    ['images/a.png', 'images/a.PNG.Json'],
    [`images/${NFD}.png`, `images/${NFC}.json`],
    [`images/${NFC}.png`, `images/${NFD}.png.json`],
    [`images/${NFC}/${NFD}.png`, `images/${NFC}/${NFC}.json`],
    ['images/한국/x.y.jpg', 'images/한국/x.y.json'.normalize('NFD')],
  ])('%s has %s, whichever comes first', async (picture, sidecar) => {
    const content = picture.endsWith('.jpg') ? await aJpeg() : await aPng()
    const before = aWorld()
    await before.drop(sidecar, '{"parameters": {"fps": 12}}')
    await before.drop(picture, content)
    expect(before.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
    const after = aWorld()
    await after.drop(picture, content)
    await after.drop(sidecar, '{"parameters": {"fps": 12}}')
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
  ])('images/a.png has another than %s', async (sidecar) => {
    const world = aWorld()
    await world.put(sidecar, '{"parameters": {"fps": 12}}')
    await world.drop('images/a.png', await aPng())
    expect(world.jobs().map(({ parameters }) => parameters.fps)).toEqual([7])
    await world.drop(sidecar, '{"parameters": {"fps": 12}}')
    expect(
      world.told.filter((told) => told.type === 'reported' && told.report.key === 'images/a.png'),
    ).toEqual([world.told[0]])
  })

  test('and to each other picture of its name', async () => {
    const world = aWorld()
    await world.put('images/a.png', await aPng({ seed: 1 }))
    await world.put('images/a.JPEG', await aJpeg({ seed: 2 }))
    await world.drop('images/a.json', '{"parameters": {"fps": 12}}')
    expect(world.jobs().map(({ image }) => image.source_key)).toEqual(['images/a.JPEG', 'images/a.png'])
  })

  test('which is found with one listing, and two where its name has two forms', async () => {
    const listed: string[] = []
    const world = aWorld({
      inputFaults: { before: (operation, key) => void (operation === 'list' && listed.push(key)) },
    })
    await world.drop('images/a.png', await aPng())
    await world.drop(`images/${NFC}.png`, await aPng())
    expect(listed).toEqual(['images/a.', `images/${NFC}.`, `images/${NFD}.`])
  })
})

describe('a picture with two sidecars is refused, and its report names both', () => {
  test.each([
    ['images/a.png', ['images/a.JSON', 'images/a.json'], "'images/a.JSON' and 'images/a.json'"],
    ['images/a.png', ['images/a.json', 'images/a.png.json'], "'images/a.json' and 'images/a.png.json'"],
    [
      `images/${NFC}.png`,
      [`images/${NFC}.json`, `images/${NFD}.json`],
      `'images/${NFC}.json' (in Unicode form NFC) and 'images/${NFD}.json' (in Unicode form NFD)`,
    ],
  ])('%s has %j', async (picture, [first = '', second = ''], names) => {
    const fault = {
      field: 'sidecar',
      message: `${names} are all sidecars of this picture; delete all but one, then upload that one again`,
    }
    const before = aWorld()
    await before.put(first, '{}')
    await before.put(second, '{"parameters": {"fps": 12}}')
    await before.drop(picture, await aPng())
    expect(await before.report(picture)).toMatchObject({ state: 'rejected', jobs: [], faults: [fault] })
    expect(before.jobs()).toEqual([])

    const after = aWorld()
    await after.put(picture, await aPng())
    await after.put(first, '{}')
    await after.drop(second, '{"parameters": {"fps": 12}}')
    expect(await after.report(picture)).toMatchObject({ state: 'rejected', jobs: [], faults: [fault] })
    expect(after.jobs()).toEqual([])
  })
})

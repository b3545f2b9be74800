import { describe, expect, test } from 'vitest'
import { aJpeg, aPng, aWebp } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { OTHER, SIDECAR } from './a-late-sidecar.ts'
import { aWorld, s3Event, sqsEvent } from './a-world.ts'

describe('a sidecar of several images', () => {
  const failing = async (...broken: readonly string[]) => {
    let armed = false
    const world = aWorld({
      inputFaults: {
        before(operation, key) {
          if (armed && operation === 'head' && broken.includes(key)) throw new Error(`503 for ${key}`)
        },
      },
    })
    await world.drop('images/a.jpg', await aJpeg({ seed: 1 }))
    await world.drop('images/a.png', await aPng({ seed: 2 }))
    await world.drop('images/a.webp', await aWebp({ seed: 3 }))
    const sidecar = await world.put(SIDECAR, OTHER)
    world.told.length = 0
    armed = true
    const answer = await world.ingest(sqsEvent(s3Event(sidecar)))
    const rendered = world.jobs().filter(({ parameters }) => parameters.fps === 12)
    return { world, answer, rendered: rendered.map(({ image }) => image.source_key) }
  }

  test('has the others ingested and told where one fails, and comes again', async () => {
    const { world, answer, rendered } = await failing('images/a.jpg')
    expect(rendered).toEqual(['images/a.png', 'images/a.webp'])
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect(world.told).toMatchObject([
      { type: 'reported', report: { key: 'images/a.png' } },
      { type: 'reported', report: { key: 'images/a.webp' } },
      { type: 'failed', key: SIDECAR, error: { message: '503 for images/a.jpg' } },
    ])
  })

  test('tells all that failed', async () => {
    const { world, rendered } = await failing('images/a.jpg', 'images/a.png')
    expect(rendered).toEqual(['images/a.webp'])
    expect(world.told.at(-1)).toMatchObject({
      error: {
        message: `2 images of ${SIDECAR} could not be ingested`,
        errors: [{ message: '503 for images/a.jpg' }, { message: '503 for images/a.png' }],
      },
    })
  })
})

describe('a sidecar of an image that was uploaded for manifests', () => {
  test('is told to have no effect', async () => {
    const world = aWorld()
    await world.drop('images/a.png', await aPng(), { metadata: { 'svd-use': 'manifest' } })
    await world.drop(SIDECAR, OTHER)
    expect(await world.report('images/a.png')).toMatchObject({
      ...{ state: 'rejected', jobs: [] },
      faults: [
        {
          field: 'sidecar',
          message:
            "'images/a.json' has no effect, because the image was uploaded with svd-use: manifest; " +
            'give its parameters in the manifest, or upload the image without that',
        },
      ],
    })
    await world.drop('images/a.png', await aPng())
    expect(await world.report('images/a.png')).toMatchObject({ state: 'accepted', faults: [] })
  })

  test('cancels no job of the time before that', async () => {
    const world = aWorld()
    await world.drop('images/a.png', await aPng())
    await world.drop('images/a.png', await aPng(), { metadata: { 'svd-use': 'manifest' } })
    await world.drop(SIDECAR, OTHER)
    expect(world.output.keys().filter((key) => key.startsWith('cancel/'))).toEqual([])
  })
})

describe('names that begin as another does', () => {
  const beside = async (count: number) => {
    const world = aWorld()
    const options = { contentType: 'image/png' }
    for (let index = 0; index < count; index++) {
      await world.input.put(`images/a.2024/${index}.png`, new Uint8Array(1), options, unaborted)
    }
    return world
  }

  test('are passed over, if they are not too many', async () => {
    const world = await beside(9_998)
    await world.put(SIDECAR, OTHER)
    await world.drop('images/a.png', await aPng())
    expect(world.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
  })

  test('are a fault of the image, the sidecar and the item of a manifest, if they are too many', async () => {
    const world = await beside(10_001)
    await world.drop('images/a.png', await aPng())
    await world.drop(SIDECAR, OTHER)
    await world.drop('manifests/m.json', '{"items": [{"image": "images/a.jpg"}]}')
    const message =
      "has more than 10000 keys beside it that begin with 'images/a.', so that its sidecar or image cannot be found " +
      'among them; give it another name, or move the others to another folder'
    expect((await world.report('images/a.png'))?.faults).toMatchObject([{ field: 'key', message }])
    expect((await world.report(SIDECAR))?.faults).toMatchObject([{ field: 'key', message }])
    expect((await world.report('manifests/m.json'))?.faults).toMatchObject([
      { field: 'items[0].image', message: `images/a.jpg ${message}` },
    ])
    expect(world.jobs()).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { aJpeg, aPng, aWebp } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { OTHER, SIDECAR } from './a-late-sidecar.ts'
import { ingestSetup, s3Event, sqsEvent } from './ingest-setup.ts'

describe('a sidecar of several images, of which some cannot be ingested', () => {
  const failing = async (...broken: readonly string[]) => {
    let armed = false
    const setup = ingestSetup({
      inputFaults: {
        before(operation, key) {
          if (armed && operation === 'head' && broken.includes(key)) throw new Error(`503 for ${key}`)
        },
      },
    })
    await setup.upload('images/a.jpg', await aJpeg({ seed: 1 }))
    await setup.upload('images/a.png', await aPng({ seed: 2 }))
    await setup.upload('images/a.webp', await aWebp({ seed: 3 }))
    const sidecar = await setup.put(SIDECAR, OTHER)
    setup.told.length = 0
    armed = true
    const answer = await setup.ingest(sqsEvent(s3Event(sidecar)))
    const rendered = setup.jobs().filter(({ parameters }) => parameters.fps === 12)
    return { setup, answer, rendered: rendered.map(({ image }) => image.source_key) }
  }

  test('has the other images ingested and reported, and is tried again', async () => {
    const { setup, answer, rendered } = await failing('images/a.jpg')
    expect(rendered).toEqual(['images/a.png', 'images/a.webp'])
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] })
    expect(setup.told).toMatchObject([
      { type: 'reported', report: { key: 'images/a.png' } },
      { type: 'reported', report: { key: 'images/a.webp' } },
      { type: 'failed', key: SIDECAR, error: { message: '503 for images/a.jpg' } },
    ])
  })

  test('reports every failure in one error', async () => {
    const { setup, rendered } = await failing('images/a.jpg', 'images/a.png')
    expect(rendered).toEqual(['images/a.webp'])
    expect(setup.told.at(-1)).toMatchObject({
      error: {
        message: `2 images of ${SIDECAR} could not be ingested`,
        errors: [{ message: '503 for images/a.jpg' }, { message: '503 for images/a.png' }],
      },
    })
  })
})

describe('a sidecar of an image with svd-use: manifest', () => {
  test('is reported to have no effect', async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng(), { metadata: { 'svd-use': 'manifest' } })
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.report('images/a.png')).toMatchObject({
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
    await setup.upload('images/a.png', await aPng())
    expect(await setup.report('images/a.png')).toMatchObject({ state: 'accepted', faults: [] })
  })

  test("does not cancel jobs of the image's earlier uploads", async () => {
    const setup = ingestSetup()
    await setup.upload('images/a.png', await aPng())
    await setup.upload('images/a.png', await aPng(), { metadata: { 'svd-use': 'manifest' } })
    await setup.upload(SIDECAR, OTHER)
    expect(setup.output.keys().filter((key) => key.startsWith('cancel/'))).toEqual([])
  })
})

describe('keys that begin with the name of an image', () => {
  const beside = async (count: number) => {
    const setup = ingestSetup()
    const options = { contentType: 'image/png' }
    for (let index = 0; index < count; index++) {
      await setup.input.put(`images/a.2024/${index}.png`, new Uint8Array(1), options, unaborted)
    }
    return setup
  }

  test('are skipped if there are fewer than 10,000', async () => {
    const setup = await beside(9_998)
    await setup.put(SIDECAR, OTHER)
    await setup.upload('images/a.png', await aPng())
    expect(setup.jobs().map(({ parameters }) => parameters.fps)).toEqual([12])
  })

  test('reject the image, the sidecar and the manifest item if there are more than 10,000', async () => {
    const setup = await beside(10_001)
    await setup.upload('images/a.png', await aPng())
    await setup.upload(SIDECAR, OTHER)
    await setup.upload('manifests/m.json', '{"items": [{"image": "images/a.jpg"}]}')
    const message =
      "has more than 10000 keys beside it that begin with 'images/a.', so that its sidecar or image cannot be found " +
      'among them; give it another name, or move the others to another folder'
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([{ field: 'key', message }])
    expect((await setup.report(SIDECAR))?.faults).toMatchObject([{ field: 'key', message }])
    expect((await setup.report('manifests/m.json'))?.faults).toMatchObject([
      { field: 'items[0].image', message: `images/a.jpg ${message}` },
    ])
    expect(setup.jobs()).toEqual([])
  })
})

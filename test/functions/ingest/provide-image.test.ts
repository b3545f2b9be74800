import { randomFillSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { provideImage } from '../../../functions/ingest/provide-image.ts'
import { storeImage } from '../../../functions/ingest/store-image.ts'
import { knownImageKey, normalizedImageKey } from '../../../shared/contracts/bucket-layout.ts'
import { hashJson, hashPixels } from '../../../shared/contracts/job-id.ts'
import { DECODER_VERSION } from '../../../shared/image/decode-image.ts'
import { aPng, somePixels } from '../../fixtures/images.ts'
import { ingestSetup } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal
const KEY = 'images/a.png'

const aWatchedSetup = async () => {
  const reads: string[] = []
  const setup = ingestSetup({
    inputFaults: { before: (operation, key) => void (operation === 'read' && reads.push(key)) },
  })
  await setup.put(KEY, await aPng())
  const prepare = async (contentType?: string) => {
    const info = (await setup.input.head(KEY, SIGNAL)) ?? expect.fail('no image')
    const changed = contentType === undefined ? info : { ...info, contentType }
    return provideImage(setup.deps, changed, 'image', SIGNAL)
  }
  return { ...setup, reads, prepare }
}

describe('an image that was already prepared', () => {
  test('is not read again', async () => {
    const { prepare, reads, output } = await aWatchedSetup()
    const first = await prepare()
    expect(await prepare()).toEqual(first)
    expect(first).toEqual({
      source_key: KEY,
      key: normalizedImageKey(hashPixels(somePixels())),
      ...{ pixels_sha256: hashPixels(somePixels()), width: 16, height: 8 },
    })
    expect(reads).toEqual([KEY])
    expect(output.writes).toHaveLength(2)
  })

  test('is read again when it was overwritten', async () => {
    const { prepare, put } = await aWatchedSetup()
    await prepare()
    await put(KEY, await aPng({ seed: 1 }))
    expect((await prepare()).pixels_sha256).toBe(hashPixels(somePixels({ seed: 1 })))
  })

  test('is checked again when its content type changes', async () => {
    const { prepare } = await aWatchedSetup()
    await prepare()
    await expect(prepare('image/jpeg')).rejects.toThrow('content type')
  })

  test('is decoded again when its cache record is from another version of the decoder', async () => {
    const { prepare, input, output } = await aWatchedSetup()
    const { etag, contentType } = (await input.head(KEY, SIGNAL)) ?? expect.fail('no image')
    const sideways = { width: 8, height: 16, pixels_sha256: 'a'.repeat(64) }
    await output.put(
      normalizedImageKey(sideways.pixels_sha256),
      await aPng(),
      { contentType: 'image/png' },
      SIGNAL,
    )
    const identity = { bucket: input.bucket, key: KEY, etag, content_type: contentType }
    // Version 1 had no number in the key.
    for (const noted of [identity, { ...identity, decoder: DECODER_VERSION - 1 }]) {
      const note = knownImageKey(hashJson(noted))
      await output.put(
        note,
        Buffer.from(JSON.stringify(sideways)),
        { contentType: 'application/json' },
        SIGNAL,
      )
    }
    expect((await prepare()).pixels_sha256).toBe(hashPixels(somePixels()))
  })

  test('is stored again when its normalized PNG was deleted', async () => {
    const { prepare, output } = await aWatchedSetup()
    const { key } = await prepare()
    await output.delete(key, SIGNAL)
    await prepare()
    expect(output.keys()).toContain(key)
  })

  test('is read again when its cache record cannot be parsed', async () => {
    const { prepare, output, reads } = await aWatchedSetup()
    await prepare()
    const note = output.keys().find((key) => key.startsWith('inputs/known/')) ?? expect.fail('no note')
    await output.put(note, Buffer.from('{"version": 2}'), { contentType: 'application/json' }, SIGNAL)
    await prepare()
    expect(reads).toHaveLength(2)
  })
})

test('an image whose PNG would exceed the limit of workers is refused and not stored', async () => {
  const [width, height] = [4800, 4700]
  const noise = { width, height, data: randomFillSync(new Uint8Array(width * height * 3)) }
  const { output } = ingestSetup()
  const where = { sourceKey: KEY, field: 'image' }
  await expect(storeImage(output, noise, where, SIGNAL)).rejects.toThrow(
    /^image: its 4800 x 4700 pixels take \d+ bytes as a PNG, more than 67108864; scale it down$/,
  )
  expect(output.keys()).toEqual([])
})

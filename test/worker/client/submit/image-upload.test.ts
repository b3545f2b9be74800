import { expect, test } from 'vitest'
import { readMetadata } from '../../../../shared/manifest/read-metadata.ts'
import { imageWithArguments } from '../../../../worker/client/submit/image-upload.ts'

const PICTURE = {
  ...{ name: 'cup.png', key: 'images/cup.png', body: new Uint8Array(), contentType: 'image/png' },
  metadata: {},
}

test('an image upload has its context in metadata, in ASCII, as ingest reads it', () => {
  const context = { name: 'Zoë 🙂', order: 7 }
  const uploads = imageWithArguments(PICTURE, { given: { fps: 7 }, context })
  const metadata = {
    'svd-fps': '7',
    'svd-context': '{"name":"Zo\\u00eb \\ud83d\\ude42","order":7}',
  }
  expect(uploads).toEqual([{ ...PICTURE, metadata }])
  expect(readMetadata(metadata)).toMatchObject({ context, faults: [] })
})

test('a context that is too long for metadata is in a sidecar before the image', () => {
  const context = { note: 'x'.repeat(2_000) }
  const [sidecar, image] = imageWithArguments(PICTURE, { given: { fps: 7 }, context })
  expect(sidecar).toMatchObject({ key: 'images/cup.png.json', contentType: 'application/json' })
  expect(JSON.parse(new TextDecoder().decode(sidecar?.body as Uint8Array))).toEqual({
    parameters: { fps: 7 },
    context,
  })
  expect(image).toEqual(PICTURE)
})

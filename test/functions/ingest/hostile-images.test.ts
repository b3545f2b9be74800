import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { ingestEvent } from '../../../functions/ingest/ingest-event.ts'
import { normalizedImageKey } from '../../../shared/contracts/bucket-layout.ts'
import { hashPixels } from '../../../shared/contracts/job-id.ts'
import { MAX_IMAGE_BYTES } from '../../../shared/image/decode-image.ts'
import { aFlatPng, aJpeg, aPng, aPngThatClaims, aWebp, somePixels } from '../../fixtures/images.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const SIGNAL = new AbortController().signal

const golden = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../../goldens/images/formats/${name}`, import.meta.url))

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

/** Uploads an image and then a valid one, which has to be accepted in any case. */
const uploadAndGoOn = async (key: string, bytes: Uint8Array, contentType?: string) => {
  const setup = ingestSetup()
  await setup.upload(key, bytes, contentType === undefined ? {} : { contentType })
  const jobsBefore = setup.jobs().length
  await setup.upload('images/good.png', await aPng({ seed: 99 }))
  expect(setup.jobs()).toHaveLength(jobsBefore + 1)
  expect((await setup.report('images/good.png'))?.state).toBe('accepted')
  return { setup, report: (await setup.report(key)) ?? expect.fail('no report'), jobsBefore }
}

type Hostile = readonly [
  name: string,
  key: string,
  bytes: () => Uint8Array | Promise<Uint8Array>,
  message: RegExp,
  contentType?: string,
]

const CORPUS: readonly Hostile[] = [
  ['an empty file', 'images/a.png', () => new Uint8Array(0), /^is empty \(0 bytes\)/],
  [
    'plain text',
    'images/a.png',
    () => text('hello'),
    /^is not an image that can be read; PNG, JPEG and WebP/,
  ],
  [
    'a cut-off PNG',
    'images/a.png',
    async () => (await aPng()).subarray(0, 60),
    /damaged or cut-off PNG file/,
  ],
  ['a cut-off JPEG', 'images/a.jpg', async () => (await aJpeg()).subarray(0, 300), /damaged or cut-off JPEG/],
  ['a cut-off WebP', 'images/a.webp', async () => (await aWebp()).subarray(0, 40), /damaged or cut-off WebP/],
  [
    'the signature of a JPEG alone',
    'images/a.jpg',
    () => Uint8Array.of(0xff, 0xd8, 0xff),
    /damaged or cut-off JPEG file/,
  ],
  [
    'a PNG that claims 50,000 x 50,000 pixels',
    'images/a.png',
    () => aPngThatClaims(50_000, 50_000),
    /^has 50000x50000 pixels, more than the 25 million that are accepted; scale it down$/,
  ],
  [
    'a PNG of 12,000 x 12,000 pixels in a few kB',
    'images/a.png',
    () => aFlatPng(12_000),
    /^has 12000x12000 pixels, more than the 25 million/,
  ],
  ['a PNG without its pixels', 'images/a.png', () => aPngThatClaims(64, 64), /damaged or cut-off PNG file/],
  [
    'an SVG',
    'images/a.svg',
    () => text('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    /its name ends with '\.svg'/,
  ],
  ['an SVG as .png', 'images/a.png', () => text('<svg xmlns="http://www.w3.org/2000/svg"/>'), /^is an SVG;/],
  ['a GIF', 'images/a.gif', () => golden('animated.gif'), /its name ends with '\.gif'; must end with \.png/],
  ['a GIF as .png', 'images/a.png', () => golden('animated.gif'), /^is a GIF; .* convert it first$/],
  [
    'an animated PNG',
    'images/a.png',
    () => golden('animated.png'),
    /^is an animation; give one of its frames/,
  ],
  [
    'an animated WebP',
    'images/a.webp',
    () => golden('animated.webp'),
    /^is an animation; give one of its fr/,
  ],
  ['a TIFF as .jpg', 'images/a.jpg', () => golden('still.tiff'), /^is a TIFF;/],
  ['a PDF as .png', 'images/a.png', () => text('%PDF-1.7'), /^is a PDF;/],
  [
    'HTML before a PNG',
    'images/a.png',
    async () => Buffer.concat([text('<html>'), await aPng()]),
    /not an image/,
  ],
  [
    'a JPEG as .png',
    'images/a.png',
    () => aJpeg(),
    /^is a JPEG by its first bytes, but its name ends with \.png/,
  ],
  ['a PNG without an extension', 'images/a', () => aPng(), /^its name has no ending; must end with \.png/],
  [
    'a PNG with the content type of HTML',
    'images/a.png',
    () => aPng(),
    /^its content type is 'text\/html'; must be image\/png, image\/jpeg or image\/webp, or not said$/,
    'text/html; charset=utf-8',
  ],
  [
    'a PNG with the content type of a JPEG',
    'images/a.png',
    () => aPng(),
    /^is a PNG by its first bytes, but its content type is that of a JPEG/,
    'image/jpeg',
  ],
]

describe('ingest rejects an image, reports why, and accepts the next image', () => {
  test.each(CORPUS.map((hostile) => ({ name: hostile[0], hostile })))(
    'when its file is $name',
    async ({ hostile }) => {
      const [, key, bytes, message, contentType] = hostile
      const { report, jobsBefore, setup } = await uploadAndGoOn(key, await bytes(), contentType)
      expect(report).toMatchObject({ state: 'rejected', jobs: [], more_faults: 0 })
      expect(report.faults).toEqual([
        { item: null, line: null, item_id: null, field: 'image', message: expect.stringMatching(message) },
      ])
      expect(jobsBefore).toBe(0)
      expect(
        setup.output.keys().filter((key) => key.endsWith('.png') && key.startsWith('inputs/')),
      ).toHaveLength(1)
    },
  )
})

describe('an image file with other data behind the image', () => {
  const payloads = {
    'a ZIP archive': text('PK\u0003\u0004\u0014\u0000malware.exe'),
    'an HTML page': text('<html><script>alert(1)</script></html>'),
  }

  test.each(Object.entries(payloads))('is accepted, and %s behind it is not copied', async (_, payload) => {
    const { report, setup } = await uploadAndGoOn('images/a.png', Buffer.concat([await aPng(), payload]))
    expect(report.state).toBe('accepted')
    const stored = await setup.output.read(
      normalizedImageKey(hashPixels(somePixels())),
      { maxBytes: 1e6 },
      SIGNAL,
    )
    expect(Buffer.from(stored?.bytes ?? []).includes(Buffer.from(payload.subarray(0, 4)))).toBe(false)
  })
})

describe('an upload that is too large', () => {
  test('is rejected by its size, without reading it', async () => {
    const reads: string[] = []
    const setup = ingestSetup({
      inputFaults: { before: (operation, key) => void (operation === 'read' && reads.push(key)) },
    })
    await setup.upload('images/a.png', new Uint8Array(MAX_IMAGE_BYTES + 2 ** 20))
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([
      {
        field: 'image',
        message: 'has 68157440 bytes, more than the 67108864 that are accepted; compress it',
      },
    ])
    expect(reads).toEqual([])
  })

  test('is never read beyond the limit, although the store reported a smaller size', async () => {
    const caps: number[] = []
    const { deps, put, report } = ingestSetup()
    await put('images/a.json', '{}')
    const uploaded = await put('images/a.png', await aPng())
    const input = {
      ...deps.input,
      read: (...[key, options, signal]: Parameters<typeof deps.input.read>) => {
        caps.push(options.maxBytes)
        return deps.input.read(key, options, signal)
      },
    }
    await ingestEvent(s3Event(uploaded), { ...deps, input }, SIGNAL)
    expect((await report('images/a.png'))?.state).toBe('accepted')
    expect(caps).toEqual([65_536, MAX_IMAGE_BYTES])
  })

  test('is rejected when it is a sidecar', async () => {
    const setup = ingestSetup()
    await setup.put('images/a.json', ' '.repeat(70_000))
    await setup.upload('images/a.png', await aPng())
    expect((await setup.report('images/a.png'))?.faults).toMatchObject([
      { field: 'sidecar', message: 'has 70000 bytes, more than the 65536 that are accepted; shorten it' },
    ])
  })
})

test('pixel bombs take less than 150 MB of memory', async () => {
  const setup = ingestSetup()
  const bomb = aFlatPng(12_000)
  await setup.upload('images/good.png', await aPng())
  const before = process.resourceUsage().maxRSS
  for (let i = 0; i < 5; i++) await setup.upload(`images/${i}.png`, bomb)
  // Decoded, each of them has 432 MB. The peak counts, because freed memory is no part of the resident set afterwards.
  expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(150e6)
})

describe('an image whose key cannot be part of a report key', () => {
  test.each([
    ['images/../../etc/passwd.png'],
    ['images/a//b.png'],
    ['images/a\n\u001b[2J.png'],
    ['images/%2e%2e/a.png'],
    [`images/${'x'.repeat(1012)}.png`],
  ])('gets its report below reports/unusual-keys/: %j', async (key) => {
    const setup = ingestSetup()
    await setup.upload(key, await aPng())
    expect(await setup.report(key)).toMatchObject({ key, state: 'accepted' })
    expect(setup.output.keys().filter((name) => name.startsWith('reports/'))).toEqual([
      expect.stringMatching(/^reports\/unusual-keys\/[0-9a-f]{64}\.json$/),
    ])
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_JOBS, MAX_LINE_BYTES, MAX_MANIFEST_BYTES } from '../../../shared/contracts/manifest.ts'
import { RENDER_ARGUMENT_NAMES } from '../../../shared/contracts/render-arguments.ts'
import { aPng } from '../../fixtures/images.ts'
import { ingestSetup } from './ingest-setup.ts'

const GOOD = '{"items": [{"image": "images/a.png"}]}'
const ITEM = '{"image": "images/a.png"}'

let png: Uint8Array
beforeAll(async () => {
  png = await aPng()
})

const uploadManifest = async (content: Uint8Array | string, name = 'm.json') => {
  const setup = ingestSetup()
  await setup.put('images/a.png', png)
  await setup.upload(`manifests/${name}`, content)
  return { setup, report: (await setup.report(`manifests/${name}`)) ?? expect.fail('no report') }
}

const items = (...texts: readonly string[]): string => `{"items": [${texts.join(',')}]}`

const utf16 = (text: string, bigEndian = false): Uint8Array => {
  const bytes = Buffer.from(text, 'utf16le')
  return bigEndian ? bytes.swap16() : bytes
}

const REFUSED: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
  ['no content', '', /^document: is not JSON/],
  [
    'the bytes of an image',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe),
    /^document: is not UTF-8 text; save it/,
  ],
  ['UTF-16 text', utf16(GOOD), /^document: is UTF-16 text; save it as UTF-8$/],
  ['UTF-16 text in big-endian order', utf16(GOOD, true), /^document: is UTF-16 text; save it as UTF-8$/],
  [
    'UTF-16 text with a byte order mark',
    utf16(`\ufeff${GOOD}`),
    /^document: is UTF-16 text; save it as UTF-8$/,
  ],
  ['UTF-32 text', Uint8Array.of(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0), /^document: is UTF-32 text/],
  [
    'Latin-1 text',
    Buffer.from('{"items": [{"image": "images/ä.png"}]}', 'latin1'),
    /^document: is not UTF-8 text/,
  ],
  ['NaN', '{"items": [{"image": "images/a.png", "parameters": {"fps": NaN}}]}', /^document: is not JSON \(/],
  ['a comment', `// clips\n${GOOD}`, /^document: is not JSON \(/],
  [
    'the same key twice',
    '{"items": [{"image": "images/a.png", "image": "images/b.png"}]}',
    /has the key "image" twice/,
  ],
  ['deep nesting', '['.repeat(1_000_000), /^document: is nested more than 64 levels deep/],
  [
    'deep nesting in an item',
    items(`{"image": ${'['.repeat(80)}${']'.repeat(80)}}`),
    /nested more than 64 levels/,
  ],
  ['millions of values', `{"items": [${'0,'.repeat(2_000_000)}0]}`, /^document: has more than 1000000 items/],
  [
    '1,001 items',
    items(...new Array(1_001).fill(ITEM)),
    /^items: has 1001, more than the 1000 that a manifest may/,
  ],
  [
    'too many bytes',
    ' '.repeat(MAX_MANIFEST_BYTES + 1),
    /^document: has 10485761 bytes, more than the 10485760/,
  ],
  [
    'items that together make too many clips',
    `{"grid": {"seed": ${JSON.stringify([...new Array(11).keys()])}}, "items": [${new Array(1_000).fill(ITEM).join()}]}`,
    /^items: make 11000 clips together; at most 10000 are accepted \(svd:maxManifestClips\), so split it$/,
  ],
  [
    'a default named __proto__',
    `{"defaults": {"__proto__": {"fps": 1}}, "items": [${ITEM}]}`,
    /^defaults\.__proto__: no such argument/,
  ],
  [
    'a field named __proto__',
    `{"__proto__": {"items": []}, "items": [${ITEM}]}`,
    /^__proto__: no such field/,
  ],
]

describe('ingest rejects a manifest, reports why, and accepts the next manifest', () => {
  test.each(REFUSED)('when the manifest has %s', async (_, content, message) => {
    const { report, setup } = await uploadManifest(content)
    expect(report).toMatchObject({ state: 'rejected', jobs: [] })
    const [fault] = report.faults
    expect(`${fault?.field}: ${fault?.message}`).toMatch(message)
    expect(fault?.item).toBeNull()
    expect(setup.jobs()).toEqual([])

    await setup.upload('manifests/good.json', GOOD)
    expect((await setup.report('manifests/good.json'))?.state).toBe('accepted')
  })

  test('when a JSON Lines manifest has 1,001 lines', async () => {
    const { report } = await uploadManifest(`${ITEM}\n`.repeat(1_001), 'm.jsonl')
    expect(report.faults).toMatchObject([
      { field: 'items', message: expect.stringMatching(/^are more than the 1000/) },
    ])
  })
})

const ITEMS: readonly (readonly [string, string, RegExp])[] = [
  [
    'a number beyond float64',
    '{"image": "images/a.png", "parameters": {"fps": 1e999}}',
    /fps: got Infinity; must be/,
  ],
  [
    'a huge number',
    '{"image": "images/a.png", "parameters": {"width": 123456789012345678}}',
    /width: got 1234567/,
  ],
  [
    'a seed that lost digits',
    '{"image": "images/a.png", "parameters": {"seed": 9007199254740993}}',
    /as text/,
  ],
  [
    'a parameter named __proto__',
    '{"image": "images/a.png", "parameters": {"__proto__": {}}}',
    /__proto__: no such arg/,
  ],
  [
    'a grid over __proto__',
    '{"image": "images/a.png", "grid": {"__proto__": [1]}}',
    /__proto__: no such argument/,
  ],
  [
    'a field named __proto__',
    '{"image": "images/a.png", "__proto__": {"id": "x"}}',
    /__proto__: no such field/,
  ],
  [
    'a grid of a million clips',
    `{"image": "images/a.png", "grid": ${JSON.stringify(hugeGrid(100, 3))}}`,
    /makes 1000000 clip/,
  ],
  [
    'a grid of 777,600,000 clips',
    `{"image": "images/a.png", "grid": ${JSON.stringify(hugeGrid(60, 5))}}`,
    /grid: makes 777600000 clips; at most 10000 are accepted \(svd:maxManifestClips\)/,
  ],
  ['a path out of the folder', '{"image": "images/../manifests/m.json"}', /has a part that is \. or \.\./],
  ['a folder as image', '{"image": "images/"}', /a folder; must be the key of an image/],
  [
    'a URL as image',
    '{"image": "http://169.254.169.254/latest/meta-data/"}',
    /a URL; images are never fetched/,
  ],
  ['half a surrogate pair', '{"image": "images/\\ud800.png"}', /half of a surrogate pair/],
  [
    'an id with control characters',
    '{"image": "images/a.png", "id": "\\u001b[2J"}',
    /id: got '\\u001b\[2J'; must be/,
  ],
  ['a JSON file as image', '{"image": "images/a.json"}', /there is no images\/a\.json in input/],
]

function hugeGrid(values: number, axes: number) {
  const names = ['seed', 'motion_bucket_id', 'fps', 'num_frames', 'num_inference_steps'].slice(0, axes)
  return Object.fromEntries(names.map((name) => [name, Array.from({ length: values }, (_, i) => i + 1)]))
}

describe('ingest rejects an item of a manifest and queues the others', () => {
  test.each(ITEMS)('when the item has %s', async (_, item, message) => {
    const { report, setup } = await uploadManifest(items(item, ITEM))
    expect(report.state).toBe('partly')
    expect(report.faults.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      expect.stringMatching(message),
    ])
    expect(report.faults[0]?.item).toBe(1)
    expect(setup.jobs()).toHaveLength(1)
  })

  test('when a line has 10 MB', async () => {
    const line = `{"image": "${'x'.repeat(MAX_MANIFEST_BYTES - 100)}"}`
    const { report } = await uploadManifest(`${line}\n${ITEM}`, 'm.jsonl')
    expect(report).toMatchObject({
      state: 'partly',
      faults: [
        { item: 1, line: 1, field: 'line', message: expect.stringContaining(`than the ${MAX_LINE_BYTES}`) },
      ],
      jobs: [{ item: 2 }],
    })
  })

  test('when an item has 10,000 unknown parameters, of which the report lists ten and counts the others', async () => {
    const parameters = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, i]))
    const { report } = await uploadManifest(
      JSON.stringify({ items: [{ image: 'images/a.png', parameters }] }),
    )
    expect(report.faults).toHaveLength(10)
    expect(report.more_faults).toBe(9_990)
  })

  test('when the name of a parameter has 1 MiB, in a report below 3,000 characters', async () => {
    const parameters = { ['x'.repeat(2 ** 20)]: 'y'.repeat(2 ** 20) }
    const { report } = await uploadManifest(
      JSON.stringify({ items: [{ image: 'images/a.png', parameters }] }),
    )
    expect(JSON.stringify(report).length).toBeLessThan(3_000)
  })
})

test('a manifest makes as many clips as its limit allows', async () => {
  const grid = { seed: Array.from({ length: MAX_JOBS }, (_, i) => i) }
  const { report, setup } = await uploadManifest(JSON.stringify({ items: [{ image: 'images/a.png', grid }] }))
  expect(report.jobs).toHaveLength(MAX_JOBS)
  expect(setup.queue.messages()).toHaveLength(MAX_JOBS)
})

test('ingest rejects 10,000 clips of the largest size and queues the other items of the manifest', async () => {
  const largest = { width: 8192, height: 8192, num_frames: 4096, num_videos_per_prompt: 64 }
  const grid = { seed: Array.from({ length: MAX_JOBS - 1 }, (_, i) => i) }
  const items = [
    { image: 'images/a.png', parameters: largest, grid },
    { image: 'images/a.png', parameters: { num_videos_per_prompt: 64 } },
  ]
  const { report, setup } = await uploadManifest(JSON.stringify({ items }))
  expect(report).toMatchObject({ state: 'partly', jobs: [{ item: 2 }] })
  expect(report.faults).toEqual([
    expect.objectContaining({
      item: 1,
      field: 'items[0].parameters.num_frames',
      message: expect.stringMatching(
        /^the clip makes a work of 52776558133248: width 8192 .*; a job may have at most 40000000000, .* raise svd:maxJobWork/,
      ),
    }),
  ])
  expect(setup.queue.messages()).toHaveLength(1)
})

describe('every upload below manifests/ gets a report', () => {
  const anyName = fc.constantFrom('m.json', 'm.jsonl')

  test('when it is random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), anyName, async (bytes, name) => {
        expect((await uploadManifest(bytes, name)).report.state).toBe('rejected')
      }),
    )
  })

  test('when it is random JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), anyName, async (value, name) => {
        const { report } = await uploadManifest(JSON.stringify(value), name)
        expect(report.state).toBe('rejected')
        expect(report.faults.length).toBeGreaterThan(0)
      }),
    )
  })

  test('when it is nearly a manifest', async () => {
    const anyArguments = fc.dictionary(
      fc.constantFrom(...RENDER_ARGUMENT_NAMES, '__proto__', 'x'),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.array(fc.integer({ min: 0, max: 64 }), { maxLength: 3 })),
    )
    const anyItem = fc.record(
      {
        image: fc.oneof(
          fc.constant('images/a.png'),
          fc.string().map((name) => `images/${name}`),
          fc.jsonValue(),
        ),
        parameters: fc.oneof(anyArguments, fc.jsonValue()),
        grid: anyArguments,
        id: fc.oneof(fc.constantFrom('a', 'b'), fc.string()),
        group: fc.string(),
      },
      { requiredKeys: [] },
    )
    const anyManifest = fc.record(
      {
        version: fc.constantFrom(1, 2, '1'),
        defaults: anyArguments,
        grid: anyArguments,
        group: fc.string(),
        items: fc.array(fc.oneof(anyItem, fc.jsonValue()), { maxLength: 4 }),
      },
      { requiredKeys: ['items'] },
    )
    await fc.assert(
      fc.asyncProperty(anyManifest, anyName, async (manifest, name) => {
        const { items, ...header } = manifest
        const lines = [header, ...items].map((line) => JSON.stringify(line)).join('\n')
        const { report, setup } = await uploadManifest(
          name === 'm.json' ? JSON.stringify(manifest) : lines,
          name,
        )
        const rejected = new Set(report.faults.map(({ item }) => item))
        for (const { item } of report.jobs) expect(rejected).not.toContain(item)
        expect(new Set(report.jobs.map(({ job_id }) => job_id)).size).toBe(setup.jobs().length)
      }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { decodeDefaults } from '../../../shared/contracts/parameters-document.ts'
import type { RenderParameters } from '../../../shared/contracts/render-parameters.ts'
import { DEFAULT_WORK_LIMITS } from '../../../shared/contracts/work-limits.ts'
import { parseManifest } from '../../../shared/manifest/parse-manifest.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'

const TRAITS = {
  defaults: decodeDefaults(aModelRecord().defaults),
  vaeScaleFactor: 8,
  defaultSize: 'model' as const,
}

const parseText = (text: string, kind: 'json' | 'jsonl' = 'json', limits = DEFAULT_WORK_LIMITS) =>
  parseManifest(new TextEncoder().encode(text), kind, TRAITS, limits)

const parseJson = (document: unknown, limits = DEFAULT_WORK_LIMITS) =>
  parseText(JSON.stringify(document), 'json', limits)

const parseLines = (...lines: readonly (string | object)[]) =>
  parseText(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'), 'jsonl')

const A = { image: 'images/a.png' }

/** Faults as they are shown: position, field, message. */
const faultsOf = ({ rejected }: ReturnType<typeof parseManifest>): readonly string[] =>
  rejected.flatMap(({ location, faults }) =>
    faults.map(
      ({ field, message }) => `${location.item ?? '-'}/${location.line ?? '-'} ${field}: ${message}`,
    ),
  )

const clipsOf = (
  { items }: ReturnType<typeof parseManifest>,
  ...names: readonly (keyof RenderParameters)[]
): unknown[] => items.flatMap(({ clips }) => clips.map((clip) => names.map((name) => clip.parameters[name])))

describe('an item of a manifest', () => {
  test('has its image, name, group and position', () => {
    const { items, rejected } = parseJson({ items: [A, { ...A, id: 'cat', group: 'pets' }] })
    expect(rejected).toEqual([])
    expect(items).toMatchObject([
      { location: { item: 1, line: null, item_id: null }, image: 'images/a.png', group: null },
      { location: { item: 2, line: null, item_id: 'cat' }, image: 'images/a.png', group: 'pets' },
    ])
  })

  test('of .jsonl has its line number, and blank lines, a byte order mark and Windows line ends are ignored', () => {
    const { items, rejected } = parseText(
      '\ufeff\r\n{"group": "g"}\r\n\r\n{"image": "images/a.png"}\r\n   \n{"image": "images/b.png", "id": "b"}',
      'jsonl',
    )
    expect(rejected).toEqual([])
    expect(items).toMatchObject([
      { location: { item: 1, line: 4, item_id: null }, image: 'images/a.png', group: 'g' },
      { location: { item: 2, line: 6, item_id: 'b' }, image: 'images/b.png', group: 'g' },
    ])
  })

  test('of .jsonl may be on the first line when no line is for all items', () => {
    expect(parseLines(A, A).items).toHaveLength(2)
  })
})

describe('a parameter of an item', () => {
  test('comes from the grid, the item, the manifest or the checkpoint, in this order', () => {
    const parsed = parseJson({
      defaults: { fps: 8, motion_bucket_id: 8, seed: 8 },
      grid: { seed: [10, 11] },
      items: [{ ...A, parameters: { motion_bucket_id: 9, seed: 9 } }],
    })
    expect(clipsOf(parsed, 'numFrames', 'fps', 'motionBucketId', 'seed')).toEqual([
      [4, 8, 9, 10n],
      [4, 8, 9, 11n],
    ])
  })

  test("in the item's grid replaces that of the manifest's grid and is combined with the others", () => {
    const parsed = parseJson({
      grid: { seed: [1, 2], fps: [6, 8] },
      items: [{ ...A, grid: { seed: [3], motion_bucket_id: [40, 50] } }, A],
    })
    expect(clipsOf(parsed, 'seed', 'fps', 'motionBucketId')).toEqual([
      [3n, 6, 40],
      [3n, 6, 50],
      [3n, 8, 40],
      [3n, 8, 50],
      [1n, 6, 127],
      [1n, 8, 127],
      [2n, 6, 127],
      [2n, 8, 127],
    ])
  })

  test('may be a list, and in a grid a list of lists', () => {
    const parsed = parseJson({ items: [{ ...A, grid: { sigmas: ['align-your-steps', [700, 1, 0]] } }] })
    expect(clipsOf(parsed, 'sigmas')).toEqual([['align-your-steps'], [[700, 1, 0]]])
  })

  test('counts as not given when it is null, also in the defaults or a grid', () => {
    const parsed = parseJson({
      defaults: { fps: 6, seed: null, motion_bucket_id: 60 },
      grid: { noise_aug_strength: [0.5] },
      items: [
        { ...A, parameters: { fps: null, motion_bucket_id: null, sigmas: null, decode_chunk_size: null } },
        { ...A, grid: { fps: [null, 8], seed: null, noise_aug_strength: null } },
      ],
    })
    expect(faultsOf(parsed)).toEqual([])
    expect(clipsOf(parsed, 'fps', 'motionBucketId', 'seed', 'noiseAugStrength', 'sigmas')).toEqual([
      [6, 60, 0n, 0.5, null],
      [6, 60, 0n, 0.5, null],
      [8, 60, 0n, 0.5, null],
    ])
  })

  test('num_inference_steps removes the sigmas of the defaults', () => {
    const parsed = parseJson({
      defaults: { sigmas: 'align-your-steps' },
      items: [A, { ...A, parameters: { num_inference_steps: 30 } }],
    })
    expect(clipsOf(parsed, 'sigmas', 'numInferenceSteps')).toEqual([
      ['align-your-steps', 3],
      [null, 30],
    ])
  })

  test('num_inference_steps of the defaults is refused when the item has sigmas with other steps', () => {
    const parsed = parseJson({
      defaults: { num_inference_steps: 4 },
      items: [
        A,
        { ...A, parameters: { sigmas: 'align-your-steps' } },
        { ...A, parameters: { sigmas: 'align-your-steps', num_inference_steps: 10 } },
        { ...A, grid: { sigmas: [[700, 3, 2, 1, 0], 'align-your-steps'] } },
      ],
    })
    expect(clipsOf(parsed, 'sigmas', 'numInferenceSteps')).toEqual([
      [null, 4],
      ['align-your-steps', 10],
    ])
    const rule = 'which makes 10 steps; must be 10: correct it, or give only one of the two'
    expect(faultsOf(parsed)).toEqual([
      `2/- defaults.num_inference_steps: got 4, and items[1].parameters.sigmas is 'align-your-steps', ${rule}`,
      `4/- defaults.num_inference_steps: got 4, and items[3].grid.sigmas is 'align-your-steps', ${rule}`,
    ])
  })

  test('num_inference_steps stays that of the checkpoint beside sigmas, so that the job id does not change', () => {
    const parsed = parseJson({ items: [{ ...A, parameters: { sigmas: 'align-your-steps' } }] })
    expect(clipsOf(parsed, 'sigmas', 'numInferenceSteps')).toEqual([['align-your-steps', 3]])
  })
})

test('an optional field with the value null counts as not given', () => {
  const parsed = parseJson({
    ...{ $schema: null, version: null, defaults: null, grid: null, group: 'g' },
    items: [{ ...A, parameters: null, grid: null, id: null, group: null }],
  })
  expect(faultsOf(parsed)).toEqual([])
  expect(parsed.items).toMatchObject([{ group: 'g', location: { item_id: null } }])
})

test('a required field must not be null', () => {
  expect(faultsOf(parseJson({ items: [{ image: null }] }))).toEqual([
    expect.stringMatching(/^1\/- items\[0\]\.image: got null; must be the key of /),
  ])
})

describe('a rejected item has faults with position, field, value, rule and fix, and other items are accepted', () => {
  test('named by their path in .json', () => {
    const parsed = parseJson({
      items: [
        A,
        { ...A, parameters: { fps: 'fast', colour: 1 } },
        { image: 'x.png', grid: { seed: [1, 1.5], fps: [], width: 64 } },
        7,
        { ...A, fps: 7, id: '' },
        A,
      ],
    })
    expect(parsed.items.map(({ location }) => location.item)).toEqual([1, 6])
    expect(faultsOf(parsed)).toEqual([
      "2/- items[1].parameters.fps: got 'fast'; must be a whole number of frames per second from 1 to 240",
      expect.stringMatching(/^2\/- items\[1\]\.parameters\.colour: no such argument; known are width, /),
      "3/- items[2].image: got 'x.png'; must be a key under images/ in this bucket",
      expect.stringMatching(/^3\/- items\[2\]\.grid\.seed\[1\]: got 1\.5; must be a whole number/),
      expect.stringMatching(/^3\/- items\[2\]\.grid\.fps: got \[\]; must be a list of values, each a whole/),
      expect.stringMatching(/^3\/- items\[2\]\.grid\.width: got 64; must be a list of values, each a mult/),
      '4/- items[3]: got 7; must be an object with an image',
      expect.stringMatching(/^5\/- items\[4\]\.id: got ''; must be a name of 1 to 128 characters/),
      '5/- items[4].fps: no such field; did you mean parameters.fps?',
    ])
  })

  test('named by their line in .jsonl', () => {
    const parsed = parseLines(
      A,
      '{"image": "images/a.png"',
      { parameters: { fps: 7 } },
      '[]',
      { ...A, parameters: { fps: 0 }, id: 'dog' },
      { ...A, image: 7 },
    )
    expect(parsed.items.map(({ location }) => location.item)).toEqual([1])
    expect(faultsOf(parsed)).toEqual([
      expect.stringMatching(/^2\/2 line: is not JSON \(.*\); write one JSON object on each line$/),
      expect.stringMatching(/^3\/3 image: is absent; must be the key of a PNG, JPEG or WebP image/),
      '4/4 line: got []; must be an object with an image',
      expect.stringMatching(/^5\/5 parameters\.fps: got 0; must be /),
      expect.stringMatching(/^6\/6 image: got 7; must be the key of/),
    ])
    expect(parsed.rejected[3]?.location.item_id).toBe('dog')
  })

  test('named by the position of the value when parameters contradict each other', () => {
    const parsed = parseJson({
      defaults: { decode_chunk_size: 2 },
      items: [
        { ...A, parameters: { decode_overlap: 2 } },
        { ...A, grid: { decode_overlap: [0, 3] } },
      ],
    })
    expect(faultsOf(parsed)).toEqual([
      '1/- items[0].parameters.decode_overlap: got 2; must be smaller than decode_chunk_size, which is 2',
      '2/- items[1].grid.decode_overlap: got 3; must be smaller than decode_chunk_size, which is 2',
    ])
  })

  test('when its id is that of an earlier item', () => {
    const parsed = parseJson({ items: [{ ...A, id: 'x' }, A, { ...A, id: 'x' }] })
    expect(parsed.items.map(({ location }) => location.item)).toEqual([1, 2])
    expect(faultsOf(parsed)).toEqual([
      "3/- items[2].id: got 'x', which item 1 has too; give each item its own",
    ])
  })
})

describe('the work limits of the deployment', () => {
  /** The work of a clip with the checkpoint's defaults. */
  const WORK = 64 * 32 * 4 * 3

  test('reject an item whose clips need more work than a job may have, and accept the others', () => {
    const parsed = parseJson(
      { items: [A, { ...A, grid: { fps: [7, 8], num_frames: [4, 5] } }, A] },
      { ...DEFAULT_WORK_LIMITS, maxJobWork: WORK },
    )
    expect(parsed.items.map(({ location }) => location.item)).toEqual([1, 3])
    expect(faultsOf(parsed)).toEqual([
      '2/- items[1].grid.num_frames: the clip makes a work of 30720: width 64 x height 32 x num_frames 5 x 3 steps ' +
        'x num_videos_per_prompt 1; a job may have at most 24576, so lower one of them, ' +
        'or raise svd:maxJobWork of the deployment',
    ])
  })

  test('reject an item with more clips than a manifest may have, and accept the others', () => {
    const parsed = parseJson(
      { items: [A, { ...A, grid: { seed: [1, 2, 3] } }] },
      { ...DEFAULT_WORK_LIMITS, maxManifestClips: 2 },
    )
    expect(parsed.items.map(({ location }) => location.item)).toEqual([1])
    expect(faultsOf(parsed)).toEqual([
      '2/- items[1].grid: makes 3 clips; at most 2 are accepted (svd:maxManifestClips), so split it, ' +
        'or raise svd:maxManifestClips of the deployment',
    ])
  })

  test('reject a manifest whose items together have more clips', () => {
    const parsed = parseJson({ items: [A, A, A] }, { ...DEFAULT_WORK_LIMITS, maxManifestClips: 2 })
    expect(parsed.items).toEqual([])
    expect(faultsOf(parsed)).toEqual([
      '-/- items: make 3 clips together; at most 2 are accepted (svd:maxManifestClips), so split it, ' +
        'or raise svd:maxManifestClips of the deployment',
    ])
  })
})

describe('a fault in a field for all items rejects every item', () => {
  test('and is reported with the faults of the items', () => {
    const parsed = parseJson({
      version: 2,
      fps: 7,
      defaults: { fps: 0 },
      grid: { seed: 'many' },
      group: 'two words',
      items: [A, { image: '' }],
    })
    expect(parsed.items).toEqual([])
    expect(faultsOf(parsed)).toEqual([
      '-/- version: got 2; must be 1',
      expect.stringMatching(/^-\/- group: got 'two words'; must be 1 to 128 letters, digits and punct/),
      '-/- fps: no such field; did you mean defaults.fps?',
      expect.stringMatching(/^-\/- defaults\.fps: got 0; must be /),
      expect.stringMatching(/^-\/- grid\.seed: got 'many'; must be a list of values/),
      expect.stringMatching(/^2\/- items\[1\]\.image: got ''; must be /),
    ])
  })

  test('and is reported with its line in .jsonl', () => {
    const parsed = parseLines('', { defaults: { fps: 0 } }, A)
    expect(parsed.items).toEqual([])
    expect(faultsOf(parsed)).toEqual([expect.stringMatching(/^-\/2 defaults\.fps: got 0; must be /)])
  })
})

describe('the first line of .jsonl', () => {
  test.each<[string, string | object, RegExp]>([
    ['a mistyped image', { imagee: 'images/b.png' }, /^1\/1 imagee: no such field; known are image, /],
    ['a mistyped image and a group', { img: 'images/b.png', group: 'g' }, /^1\/1 img: no such field/],
    [
      'text instead of an object',
      '"images/b.png"',
      /^1\/1 line: got 'images\/b\.png'; must be an object with an image$/,
    ],
    ['text that is no JSON', '{"image": "images/b.png"', /^1\/1 line: /],
    [
      'text with the name of a field for all items',
      '{"image": "images/b.png", "id": "version",}',
      /^1\/1 line: /,
    ],
    ['text with the name of the defaults', '{"image": "images/b.png", "id": "defaults",}', /^1\/1 line: /],
    [
      'a mistyped image beside parameters',
      { imag: 'b.png', parameters: {}, meta: {} },
      /^1\/1 image: is absent/,
    ],
    [
      'a field of all items beside an image',
      { image: 'images/b.png', version: 1 },
      /^1\/1 version: no such field/,
    ],
  ])('is a faulty item, and the others are accepted: %s', (_, line, fault) => {
    const parsed = parseLines(line, A)
    expect(parsed.items).toMatchObject([{ image: 'images/a.png' }])
    expect(faultsOf(parsed)).toContainEqual(expect.stringMatching(fault))
    expect(parsed.rejected.map(({ location }) => location.line)).toEqual([1])
  })

  test.each<[string, string | object, RegExp]>([
    ['a mistyped name', { default: { fps: 7 } }, /^-\/1 default: no such field; known are .*, defaults, /],
    [
      'a mistyped name beside a field too many',
      { deafults: { fps: 7 }, comment: 'my batch' },
      /^-\/1 (deafults|comment): no such field/,
    ],
    ['a field too many', { version: 1, prio: 'high' }, /^-\/1 prio: no such field/],
    ['defaults beside an id', { defaults: { fps: 7 }, id: 'x' }, /^-\/1 id: no such field/],
    [
      'defaults beside an image',
      { defaults: { fps: 7 }, image: 'images/b.png' },
      /^-\/1 image: no such field/,
    ],
    ['a grid beside an id', { grid: { fps: [7] }, id: 'x' }, /^-\/1 id: no such field/],
    ['parameters instead of defaults', { parameters: { fps: 7 } }, /^-\/1 parameters: no such field/],
    [
      'text that is no JSON',
      '{"defaults": {"fps": 7}',
      /^-\/- line: .*; line 1 stands for all items, and none of them is rendered without it: correct that line$/,
    ],
  ])('is for all items and rejects them when it is faulty: %s', (_, line, fault) => {
    const parsed = parseLines(line, A)
    expect(parsed.items).toEqual([])
    for (const each of notEmpty(faultsOf(parsed))) expect(each).toMatch(fault)
  })
})

describe('an unreadable first line of .jsonl without an image rejects all items', () => {
  test.each([
    ['a comma too many', '{"grid":{"fps":[7,12]},}'],
    ['no closing brace', '{"grid":{"fps":[7,12]}'],
    ['a comma after a group', '{"group":"g",}'],
    ['a mistyped name', '{"default":{"fps":7},}'],
    ['single quotes', `{'defaults':{"fps":7}}`],
    ['a name without quotes', '{ defaults: {"fps": 7} }'],
    ['too many bytes', `{"grid": {"fps": [${'7, '.repeat(30_000)}7]}}`],
  ])('when it has %s', (_, line) => {
    const parsed = parseLines(line, A)
    expect(parsed.items).toEqual([])
    expect(faultsOf(parsed)).toEqual([
      expect.stringMatching(
        /^-\/- line: .*; line 1 (has no "image", so it may stand|stands) for all items, and none of them is rendered/,
      ),
    ])
  })
})

describe('parseManifest refuses a document without items', () => {
  test.each([
    ['[]', 'json', 'document: got []; must be an object with a list of items'],
    ['null', 'json', 'document: got null; must be an object with a list of items'],
    ['{}', 'json', 'items: is absent; must be a list of at least one item'],
    ['{"items": []}', 'json', 'items: got []; must be a list of at least one item'],
    ['{"items": {"image": 1}}', 'json', 'items: got {"image":1}; must be a list of at least one item'],
    ['', 'jsonl', 'items: are absent; write at least one, on a line of its own'],
    ['{"defaults": {}}', 'jsonl', 'items: are absent; write at least one, on a line of its own'],
  ] as const)('such as %j', (text, kind, fault) => {
    expect(faultsOf(parseText(text, kind))).toEqual([`-/- ${fault}`])
  })
})

test('a manifest may name its schema by $schema', () => {
  expect(parseJson({ $schema: './manifest.schema.json', items: [A] }).rejected).toEqual([])
})

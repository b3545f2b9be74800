import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import {
  parseRenderArguments,
  RENDER_ARGUMENT_NAMES,
  renderArgumentRule,
} from '../../../shared/contracts/render-arguments.ts'

const faultOf = (
  given: Readonly<Record<string, unknown>>,
  spell?: (name: string) => string,
): InvalidInputError => {
  try {
    parseRenderArguments(given, spell)
  } catch (error) {
    if (error instanceof InvalidInputError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const BIG = 2 ** 53
const falling = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => count - 1 - i)
/** A value and its name in a test's title, on one line. */
const titled = (values: readonly unknown[]) =>
  values.map((value) => ({ value, title: inspect(value, { breakLength: Infinity, maxArrayLength: 4 }) }))

test('the render arguments are those of the reference and nine more', () => {
  expect(RENDER_ARGUMENT_NAMES).toEqual([
    'width',
    'height',
    'num_frames',
    'num_inference_steps',
    'sigmas',
    'min_guidance_scale',
    'max_guidance_scale',
    'fps',
    'motion_bucket_id',
    'noise_aug_strength',
    'decode_chunk_size',
    'num_videos_per_prompt',
    'seed',
    'fit',
    'decode_overlap',
    'size',
    'max_pixels',
    'format',
    'crf',
    'loop',
    'metadata',
  ])
})

const RULES: Readonly<
  Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>
> = {
  width: { good: [8, 1024, 8192], bad: [0, 4, 1020, 8200, -8, 64.5, '64'] },
  height: { good: [8, 576, 8192], bad: [0, 570, 8200, Number.NaN] },
  num_frames: { good: [1, 25, 4096], bad: [0, -1, 4097, 2.5, '25', true] },
  num_inference_steps: { good: [1, 25, 1000], bad: [0, 1001, 1.5, Number.POSITIVE_INFINITY] },
  sigmas: {
    good: ['align-your-steps', [700, 0], [700, 15.6, 0.5, 0], falling(1001)],
    bad: ['karras', [], [700], [700, -1], [700, '1'], [700, Number.NaN], falling(1002), 700],
  },
  min_guidance_scale: { good: [0, 1, 2.5, 100], bad: [-0.1, 100.1, Number.NaN, '1'] },
  max_guidance_scale: { good: [0, 1, 3, 100], bad: [-1, 101] },
  fps: { good: [1, 7, 240], bad: [0, 241, 6.5, -7] },
  motion_bucket_id: { good: [0, 127, 1023], bad: [-1, 1024, 12.5] },
  noise_aug_strength: { good: [0, 0.02, 10], bad: [-0.01, 10.5, Number.NEGATIVE_INFINITY] },
  decode_chunk_size: { good: [1, 8, 4096], bad: [0, 4097, 1.5] },
  num_videos_per_prompt: { good: [1, 64], bad: [0, 65, 1.5] },
  seed: {
    good: [0, -1, 42, 2n ** 64n - 1n, -(2n ** 63n), '18446744073709551615', '-9223372036854775808'],
    bad: [1.5, BIG, 2n ** 64n, -(2n ** 63n) - 1n, '18446744073709551616', '0x10', '', ' 1', 'one', '1e3'],
  },
  fit: { good: ['fill', 'crop', 'pad'], bad: ['stretch', 'Fill', ''] },
  decode_overlap: { good: [0, 3, 4096], bad: [-1, 0.5, 4097] },
  size: {
    good: ['auto', 'model', '1024x576', '8x8192'],
    bad: ['Auto', '', '1024', '1024X576', '1024x570', '0x8', '10240x8', '1024x576x1', 1024, [1024, 576]],
  },
  max_pixels: { good: [4096, 589_824, 67_108_864], bad: [0, 4095, 67_108_865, 4096.5, '4096'] },
  format: {
    good: [['mp4'], ['webm', 'gif'], ['mp4', 'webm', 'gif', 'prores', 'png']],
    bad: ['avi', '', [], ['mp4', 'avi'], 'mp4,', ',gif', 'mp4;gif', 'MP4', 4, [['mp4']]],
  },
  crf: { good: [1, 18, 51], bad: [0, 64, 18.5, '18', -1] },
  loop: { good: [true, false], bad: ['true', 1, 0, 'yes'] },
  metadata: { good: [true, false], bad: ['true', 1, 0, 'no'] },
}

describe.each(RENDER_ARGUMENT_NAMES)('the argument %s', (name) => {
  test.each(titled(RULES[name]!.good))('may be $title', ({ value }) => {
    const expected = name === 'seed' ? BigInt(value as number) : value
    expect(parseRenderArguments({ [name]: value })).toEqual({ [name]: expected })
  })

  test.each(titled(RULES[name]!.bad))('may not be $title, and the fault has its rule', ({ value }) => {
    const { field, message } = faultOf({ [name]: value })
    expect(field).toBe(name)
    expect(message.startsWith(`${name}: got `)).toBe(true)
    expect(message.endsWith(`; must be ${renderArgumentRule(name)}`)).toBe(true)
  })
})

test.each(RENDER_ARGUMENT_NAMES)('the argument %s with the value null counts as not given', (name) => {
  expect(parseRenderArguments({ [name]: null })).toEqual({})
})

describe('a seed', () => {
  test('is exact at any size', () => {
    expect(parseRenderArguments({ seed: '9007199254740993' })).toEqual({ seed: 9_007_199_254_740_993n })
  })
})

describe('the fault of a refused value', () => {
  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['25', "'25'"],
    [[null], '[null]'],
    [2n ** 70n, '1180591620717411303424'],
    [[1, 2], '[1,2]'],
    [{ frames: 3 }, '{"frames":3}'],
    ['x'.repeat(100), `'${'x'.repeat(79)}…`],
  ])('shows %o as %s', (value, shown) => {
    expect(faultOf({ num_frames: value }).message).toContain(`got ${shown};`)
  })
})

describe('the faults of render arguments', () => {
  test('are all reported at once, each with its field', () => {
    const { field, message } = faultOf({ width: 100, fps: 7, num_frames: 0, seed: 'one' })
    expect(field).toBe('width')
    expect(message.split('\n')).toEqual([
      `width: got 100; must be ${renderArgumentRule('width')}`,
      `num_frames: got 0; must be ${renderArgumentRule('num_frames')}`,
      `seed: got 'one'; must be ${renderArgumentRule('seed')}`,
    ])
  })

  test('have names in the spelling of the user', () => {
    const spell = (name: string) => `--${name.replaceAll('_', '-')}`
    const { field, message } = faultOf({ num_frames: 0, motion_bucket_id: -1 }, spell)
    expect(field).toBe('--num-frames')
    expect(message.split('\n')[1]).toMatch(/^--motion-bucket-id: got -1; must be /)
  })
})

describe('an unknown argument', () => {
  test('is refused also when its value is null', () => {
    expect(faultOf({ colour: null }).message).toMatch(/^colour: no such argument; known are width, /)
  })

  test.each([
    ['numFrames', 'num_frames'],
    ['num-frames', 'num_frames'],
    ['Motion_Bucket', 'motion_bucket_id'],
    ['widthPixels', 'width'],
    ['decode_chunk', 'decode_chunk_size'],
  ])('named %s is refused with the proposal %s', (name, known) => {
    expect(faultOf({ [name]: 1 }).message).toBe(`${name}: no such argument; did you mean ${known}?`)
  })

  test('unlike any known one is refused with all known names', () => {
    expect(faultOf({ prompt: 'a cat' }).message).toBe(
      `prompt: no such argument; known are ${RENDER_ARGUMENT_NAMES.join(', ')}`,
    )
  })

  test.each(['toString', 'constructor', '__proto__'])('named %s is refused', (name) => {
    expect(faultOf(JSON.parse(`{"${name}": 1}`)).message).toContain(`${name}: no such argument`)
  })
})

test('an argument with the value undefined counts as not given', () => {
  expect(parseRenderArguments({ width: undefined, fps: 12 })).toEqual({ fps: 12 })
  expect(parseRenderArguments({})).toEqual({})
})

describe('the argument format', () => {
  test.each([
    ['gif', ['gif']],
    ['gif,mp4', ['mp4', 'gif']],
    ['png,gif,png,mp4,gif', ['mp4', 'gif', 'png']],
    [
      ['gif', 'webm', 'gif'],
      ['webm', 'gif'],
    ],
  ])(
    'with the value %j becomes %j, in the order of the known formats and without repetition',
    (format, normalized) => {
      expect(parseRenderArguments({ format })).toEqual({ format: normalized })
    },
  )

  test.each([
    [{ format: 'webm', crf: 63 }],
    [{ format: 'mp4,gif', crf: 51 }],
    [{ format: 'gif', fps: 50 }],
    [{ format: 'prores,png', fps: 240 }],
  ])('agrees with the other arguments: %j', (given) => {
    expect(() => parseRenderArguments(given)).not.toThrow()
  })

  test.each([
    [{ crf: 52 }, 'crf: got 52; must be a whole number from 1 to 51 for mp4 (H.264)'],
    [{ format: 'webm,mp4', crf: 60 }, 'crf: got 60; must be a whole number from 1 to 51 for mp4 (H.264)'],
    [{ format: 'gif', crf: 20 }, 'crf: got 20, and gif has no CRF; leave it out, or ask for mp4 or webm'],
    [
      { format: 'gif,prores', crf: 20 },
      'crf: got 20, and gif and prores have no CRF; leave it out, or ask for mp4 or webm',
    ],
    [
      { format: 'mp4,gif', fps: 60 },
      'fps: got 60; a gif has at most 50 frames per second, so lower it or choose another format',
    ],
  ])('contradicts the other arguments: %j', (given, message) => {
    expect(faultOf(given).message).toBe(message)
  })
})

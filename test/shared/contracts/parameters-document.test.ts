import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLIP_FORMATS } from '../../../shared/contracts/clip-format.ts'
import {
  decodeDefaults,
  decodeParameters,
  encodeDefaults,
  encodeParameters,
  parametersDocumentSchema,
} from '../../../shared/contracts/parameters-document.ts'
import {
  DEFAULT_FILE_PARAMETERS,
  type RenderParameters,
} from '../../../shared/contracts/render-parameters.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

const count = (max: number) => fc.integer({ min: 1, max })
const real = (max: number) => fc.double({ min: 0, max, noNaN: true }).map((number) => number + 0)

const anyParameters: fc.Arbitrary<RenderParameters> = fc.record({
  width: count(8192),
  height: count(8192),
  numFrames: count(4096),
  numInferenceSteps: count(1000),
  sigmas: fc.oneof(
    fc.constantFrom(null, 'align-your-steps' as const),
    fc.array(real(700), { minLength: 2, maxLength: 20 }),
  ),
  minGuidanceScale: real(100),
  maxGuidanceScale: real(100),
  fps: count(240),
  motionBucketId: fc.integer({ min: 0, max: 1023 }),
  noiseAugStrength: real(10),
  decodeChunkSize: fc.option(count(4096)),
  numVideosPerPrompt: count(64),
  seed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fit: fc.constantFrom('fill', 'crop', 'pad'),
  decodeOverlap: fc.integer({ min: 0, max: 4096 }),
  format: fc.subarray([...CLIP_FORMATS], { minLength: 1 }),
  crf: fc.option(fc.integer({ min: 1, max: 63 })),
  loop: fc.boolean(),
  metadata: fc.boolean(),
})

test('encoded parameters are decoded into the same parameters, through JSON', () => {
  fc.assert(
    fc.property(anyParameters, (parameters) => {
      const text = JSON.stringify(encodeParameters(parameters))
      expect(decodeParameters(parametersDocumentSchema.parse(JSON.parse(text)))).toEqual(parameters)
    }),
  )
})

test.each([
  [2n ** 53n - 1n, 9007199254740991],
  [2n ** 53n, '9007199254740992'],
  [2n ** 53n + 1n, '9007199254740993'],
  [-(2n ** 63n), '-9223372036854775808'],
  [0n, 0],
])('the seed %s is encoded as %j', (seed, written) => {
  const { defaults } = aModelRecord()
  const parameters = {
    ...decodeDefaults(defaults),
    seed,
    fit: 'fill',
    decodeOverlap: 0,
    ...DEFAULT_FILE_PARAMETERS,
  } as const
  expect(encodeParameters(parameters).seed).toBe(written)
})

test('decoded defaults of a checkpoint are encoded into the same document', () => {
  const { defaults } = aModelRecord()
  expect(encodeDefaults(decodeDefaults(defaults))).toEqual(defaults)
})

describe('an output option in the parameters document', () => {
  const { defaults } = aModelRecord()
  const usual = {
    ...decodeDefaults(defaults),
    seed: 0n,
    fit: 'fill',
    decodeOverlap: 0,
    ...DEFAULT_FILE_PARAMETERS,
  } as const

  test('is left out when it has its default, so that job ids do not change', () => {
    const document = encodeParameters(usual)
    for (const name of ['format', 'crf', 'loop', 'metadata']) expect(document).not.toHaveProperty(name)
    expect(decodeParameters(document)).toEqual(usual)
  })

  test.each([
    [{ format: ['gif'] }, { format: ['gif'] }],
    [{ format: ['mp4', 'png'] }, { format: ['mp4', 'png'] }],
    [{ crf: 30 }, { crf: 30 }],
    [{ loop: true }, { loop: true }],
    [{ metadata: false }, { metadata: false }],
  ] as const)('is present when it differs from its default: %j', (changes, written) => {
    expect(encodeParameters({ ...usual, ...changes })).toEqual({ ...encodeParameters(usual), ...written })
  })
})

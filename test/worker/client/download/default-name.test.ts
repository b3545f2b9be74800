import { expect, test } from 'vitest'
import { defaultStem, differencesIn, isDefaultStem } from '../../../../worker/client/download/default-name.ts'
import { MAX_STEM_BYTES, stemFault } from '../../../../worker/client/download/file-names.ts'
import { fieldsOfVideo } from '../../../../worker/client/download/name-fields.ts'
import { PARAMETER_NAMES } from '../../../../worker/client/tracking/parameter-differences.ts'
import { aJobMessage, jobIdLike, someParameters } from '../../../fixtures/a-job-message.ts'

const fieldsOf = (imageKey: string, itemId: string | null = null) =>
  fieldsOfVideo({
    request: { jobId: jobIdLike('aa'), uploadKey: 'manifests/m.json', imageKey, item: 1, itemId },
    parameters: { ...someParameters, sigmas: [700, 15.6, 0.5, 0] },
    ...{ video: 1, group: null, model: null },
  })

test('a list becomes one word of at most 24 bytes', () => {
  expect(defaultStem(fieldsOf('images/cup.png'), { varying: ['sigmas'], videos: 1 })).toBe(
    'cup-sigmas-700_15.6_0.5_0-aa000000',
  )
})

test('long names are cut so that they fit with every ending', () => {
  const stem = defaultStem(fieldsOf(`images/${'é'.repeat(120)}.png`), {
    ...{ varying: PARAMETER_NAMES, videos: 64, idDigits: 32 },
  })
  expect(Buffer.byteLength(stem)).toBeLessThanOrEqual(MAX_STEM_BYTES)
  expect(stem.startsWith(`${'é'.repeat(50)}-width-192-height-128-`)).toBe(true)
  expect(stem.endsWith(`-${jobIdLike('aa')}-1`)).toBe(true)
  expect(stemFault(stem)).toBeNull()
})

test('the id of an item replaces the name of its image and loses invalid characters', () => {
  const stem = defaultStem(fieldsOf('images/cup.png', 'a/b:c'), { varying: [], videos: 1 })
  expect(stem).toBe('a_b_c-aa000000')
})

test('parameters are compared between the clips of one image', () => {
  const jobOf = (pixels: string, width: number, seed: number) => {
    const { image, parameters } = aJobMessage()
    return { image: { ...image, pixels_sha256: pixels }, parameters: { ...parameters, width, seed } }
  }
  expect(differencesIn([jobOf('a', 64, 0), jobOf('b', 128, 0)])).toEqual([])
  expect(differencesIn([jobOf('a', 64, 0), jobOf('a', 64, 1), jobOf('b', 128, 0)])).toEqual(['seed'])
})

test.each([
  ['cup-aa000000', 1, true],
  ['cup-seed-0-aa000000', 1, true],
  ['cup-seed--7-fps-5-aa000000', 1, true],
  [`cup-${jobIdLike('aa')}`, 1, true],
  ['cup-aa000000-1', 2, true],
  ['cup-aa000000', 2, false],
  ['cup-aa000000-0', 2, false],
  ['cup-bb000000', 1, false],
  ['cup-aa0000', 1, false],
  ['cup-red-aa000000', 1, false],
  ['cupaa000000', 1, false],
  ['mug-aa000000', 1, false],
])('%j is a default name of video 1 of %i: %j', (stem, videos, isDefault) => {
  expect(isDefaultStem(stem, fieldsOf('images/cup.png'), videos)).toBe(isDefault)
})

import { describe, expect, test } from 'vitest'
import { hashJson, hashPixels, jobIdOf } from '../../../shared/contracts/job-id.ts'
import {
  decodeDefaults,
  encodeParameters,
  type ParametersDocument,
} from '../../../shared/contracts/parameters-document.ts'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { aModelRecord } from '../../fixtures/model-record.ts'

const image = { pixels_sha256: 'c'.repeat(64) }
const { model_id, sha256, defaults } = aModelRecord()
const model = { id: model_id, sha256 }
const parameters: ParametersDocument = { ...defaults, seed: 0, fit: 'fill', decode_overlap: 0 }

/** Outputs in the buckets of all users have this id in their keys, so that it must not change. */
const ID = '7c4e815481714c022ec796cb7dd15fcf'

describe('the id of a job', () => {
  test('is the same in every version, for the same image, parameters and model', () => {
    expect(jobIdOf(image.pixels_sha256, parameters, model)).toBe(ID)
  })

  test('does not depend on the order of the parameters', () => {
    const reversed = Object.fromEntries(Object.entries(parameters).reverse()) as typeof parameters
    expect(Object.keys(reversed)).not.toEqual(Object.keys(parameters))
    expect(jobIdOf(image.pixels_sha256, reversed, model)).toBe(ID)
  })

  test("does not depend on the model's id, or on other fields of the message", () => {
    expect(jobIdOf(image.pixels_sha256, parameters, { ...model, id: 'renamed' })).toBe(ID)
    expect(jobIdOf.length).toBe(3)
  })

  test.each(Object.keys(parameters) as (keyof typeof parameters)[])('depends on %s', (name) => {
    const changed = { ...parameters, [name]: name === 'fit' ? 'crop' : 12345 }
    expect(jobIdOf(image.pixels_sha256, changed, model)).not.toBe(ID)
  })

  test("depends on the image and on the model's hash", () => {
    expect(jobIdOf('e'.repeat(64), parameters, model)).not.toBe(ID)
    expect(jobIdOf(image.pixels_sha256, parameters, { ...model, sha256: 'e'.repeat(64) })).not.toBe(ID)
  })
})

describe('the id of a job with output options', () => {
  const idOf = (given: Readonly<Record<string, unknown>>): string => {
    const resolved = resolveParameters(parseRenderArguments(given), decodeDefaults(defaults), {
      vaeScaleFactor: 8,
    })
    return jobIdOf(image.pixels_sha256, encodeParameters(resolved), model)
  }

  test.each([
    {},
    { format: 'mp4' },
    { format: 'mp4,mp4' },
    { crf: 18 },
    { loop: false },
    { metadata: true },
    { format: null },
  ])('is that of a job without them, for %j', (given) => {
    expect(idOf(given)).toBe(ID)
  })

  test('does not depend on the order or the repetition of formats', () => {
    const ids = ['mp4,gif', 'gif,mp4', 'gif,mp4,gif', ['gif', 'mp4']].map((format) => idOf({ format }))
    expect(new Set(ids).size).toBe(1)
  })

  test('is different for each set of formats, crf, loop and metadata', () => {
    const all = [
      {},
      { format: 'gif' },
      { format: 'mp4,gif' },
      { format: 'webm' },
      { crf: 19 },
      { loop: true },
      { metadata: false },
    ]
    expect(new Set(all.map(idOf)).size).toBe(all.length)
  })

  test('is the same in every version, for a GIF', () => {
    expect(idOf({ format: 'gif' })).toBe('db950132338d70750ed8ee4a995dc9bd')
  })
})

describe('the identity of an image', () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => i)

  test('is the same in every version, for the same pixels', () => {
    expect(hashPixels({ width: 4, height: 2, data })).toBe(
      'e19bee1b84febd2304cfa51c7fc0301d2cceec017268035b6187568ee7c1f1de',
    )
  })

  test('depends on the shape and on each pixel', () => {
    const hashes = [
      hashPixels({ width: 4, height: 2, data }),
      hashPixels({ width: 2, height: 4, data }),
      hashPixels({ width: 4, height: 2, data: data.with(23, 0) }),
    ]
    expect(new Set(hashes).size).toBe(3)
  })
})

test('hashJson ignores the order of keys, but not that of lists', () => {
  expect(hashJson({ a: [1, 2], b: null })).toBe(hashJson({ b: null, a: [1, 2] }))
  expect(hashJson({ a: [1, 2] })).not.toBe(hashJson({ a: [2, 1] }))
})

import { describe, expect, test } from 'vitest'
import { parseFeatureExtractorConfig } from '../../../worker/checkpoint/feature-extractor-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const parse = async (changes: object = {}) =>
  parseFeatureExtractorConfig(await xtConfig('feature_extractor/preprocessor_config.json', { ...changes }))

describe('parseFeatureExtractorConfig', () => {
  test("reads the normalisation of SVD-XT's config", async () => {
    expect(await parse()).toEqual({
      imageMean: [0.48145466, 0.4578275, 0.40821073],
      imageStd: [0.26862954, 0.26130258, 0.27577711],
    })
  })

  test("uses OpenAI's statistics if there are none, as the reference does", async () => {
    expect(parseFeatureExtractorConfig({})).toEqual(await parse())
  })

  test.each([
    [
      'another processor',
      { image_processor_type: 'SiglipImageProcessor' },
      'image_processor_type: is "SiglipImageProcessor"',
    ],
    ['two means', { image_mean: [0.5, 0.5] }, 'image_mean: is [0.5,0.5]; supported: a list of three numbers'],
    ['a deviation of zero', { image_std: [0, 1, 1] }, 'image_std: is [0,1,1]'],
    ['an unknown field', { do_flip: true }, 'do_flip'],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(parse(changes)).rejects.toThrow(message)
  })
})

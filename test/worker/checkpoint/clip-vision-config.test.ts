import { describe, expect, test } from 'vitest'
import { parseClipVisionConfig } from '../../../worker/checkpoint/clip-vision-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const parse = async (changes: object = {}) =>
  parseClipVisionConfig(await xtConfig('image_encoder/config.json', { ...changes }))

describe('parseClipVisionConfig', () => {
  test("reads SVD-XT's config", async () => {
    expect(await parse()).toEqual({
      hiddenSize: 1280,
      intermediateSize: 5120,
      projectionDim: 1024,
      numHiddenLayers: 32,
      numAttentionHeads: 16,
      numChannels: 3,
      imageSize: 224,
      patchSize: 14,
      hiddenAct: 'gelu',
      layerNormEps: 1e-5,
    })
  })

  test('uses the defaults of the reference for absent fields', () => {
    expect(parseClipVisionConfig({})).toEqual({
      hiddenSize: 768,
      intermediateSize: 3072,
      projectionDim: 512,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      numChannels: 3,
      imageSize: 224,
      patchSize: 32,
      hiddenAct: 'quick_gelu',
      layerNormEps: 1e-5,
    })
  })

  test('accepts quick_gelu', async () => {
    expect((await parse({ hidden_act: 'quick_gelu' })).hiddenAct).toBe('quick_gelu')
  })

  test.each([
    [
      'another activation',
      { hidden_act: 'gelu_new' },
      'hidden_act: is "gelu_new"; supported: "gelu", "quick_gelu"',
    ],
    ['a whole CLIP model', { model_type: 'clip' }, 'model_type: is "clip"; supported: "clip_vision_model"'],
    [
      'heads that do not divide the width',
      { num_attention_heads: 12 },
      'num_attention_heads: is 12, which does not divide hidden_size 1280',
    ],
    [
      'a patch larger than the image',
      { patch_size: 256 },
      'patch_size: is 256; must be at most image_size 224',
    ],
    ['patches that are not square', { patch_size: [14, 28] }, 'patch_size: is [14,28]'],
    ['a fourth channel', { num_channels: 4 }, 'num_channels: is 4; supported: 3'],
    ['no projection', { projection_dim: null }, 'projection_dim: is null'],
    ['an unknown field', { rope_theta: 10000 }, 'rope_theta'],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(parse(changes)).rejects.toThrow(`image_encoder/config.json: ${message}`)
  })
})

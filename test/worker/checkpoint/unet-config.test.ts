import { describe, expect, test } from 'vitest'
import { parseUnetConfig } from '../../../worker/checkpoint/unet-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const parse = async (changes: object = {}) =>
  parseUnetConfig(await xtConfig('unet/config.json', { ...changes }))

describe('parseUnetConfig', () => {
  test("reads SVD-XT's config, with one entry per level in every list", async () => {
    expect(await parse()).toEqual({
      inChannels: 8,
      outChannels: 4,
      blockOutChannels: [320, 640, 1280, 1280],
      downBlockTypes: [...Array(3).fill('CrossAttnDownBlockSpatioTemporal'), 'DownBlockSpatioTemporal'],
      upBlockTypes: ['UpBlockSpatioTemporal', ...Array(3).fill('CrossAttnUpBlockSpatioTemporal')],
      layersPerBlock: [2, 2, 2, 2],
      numAttentionHeads: [5, 10, 20, 20],
      transformerLayersPerBlock: [1, 1, 1, 1],
      crossAttentionDim: [1024, 1024, 1024, 1024],
      additionTimeEmbedDim: 256,
      projectionClassEmbeddingsInputDim: 768,
      numFrames: 25,
      sampleSize: [96, 96],
    })
  })

  test('uses the defaults of the reference for absent fields', async () => {
    expect(parseUnetConfig({})).toEqual({ ...(await parse()), sampleSize: null })
  })

  test('accepts lists per level, a single level, and attention at any level', async () => {
    const config = await parse({
      block_out_channels: [32, 64],
      down_block_types: ['DownBlockSpatioTemporal', 'CrossAttnDownBlockSpatioTemporal'],
      up_block_types: ['CrossAttnUpBlockSpatioTemporal', 'UpBlockSpatioTemporal'],
      layers_per_block: [1, 3],
      num_attention_heads: [4, 8],
      transformer_layers_per_block: [2, 1],
      cross_attention_dim: [16, 24],
      sample_size: [9, 16],
    })
    expect(config).toMatchObject({
      layersPerBlock: [1, 3],
      numAttentionHeads: [4, 8],
      transformerLayersPerBlock: [2, 1],
      crossAttentionDim: [16, 24],
      sampleSize: [9, 16],
    })
    const oneLevel = await parse({
      block_out_channels: [32],
      down_block_types: ['DownBlockSpatioTemporal'],
      up_block_types: ['UpBlockSpatioTemporal'],
      num_attention_heads: 2,
    })
    expect(oneLevel.numAttentionHeads).toEqual([2])
  })

  test.each([
    [
      'another class',
      { _class_name: 'UNet2DConditionModel' },
      'unet/config.json: _class_name: is "UNet2DConditionModel"; supported: "UNetSpatioTemporalConditionModel"',
    ],
    ['another activation', { act_fn: 'mish' }, 'act_fn: is "mish"; supported: "silu"'],
    ['another attention', { attention_type: 'gated' }, 'attention_type: is "gated"; supported: "default"'],
    [
      'another block',
      { down_block_types: ['DownBlock3D'] },
      'down_block_types: is ["DownBlock3D"]; supported: a list of CrossAttnDownBlockSpatioTemporal or DownBlockSpatioTemporal',
    ],
    [
      'a down block among the up blocks',
      { up_block_types: Array(4).fill('DownBlockSpatioTemporal') },
      'up_block_types',
    ],
    [
      'channels that 32 groups cannot share',
      { block_out_channels: [320, 640, 1280, 1290] },
      'multiples of 32',
    ],
    ['no level', { block_out_channels: [], num_attention_heads: 1 }, 'block_out_channels: is []'],
    ['no layer', { layers_per_block: 0 }, 'layers_per_block: is 0; supported: a whole number from 1'],
    ['a number as text', { num_frames: '25' }, 'num_frames: is "25"; supported: a whole number from 1'],
    ['half a frame', { num_frames: 0.5 }, 'num_frames: is 0.5'],
    ['an absurd width', { in_channels: 2 ** 40 }, 'in_channels: is 1099511627776'],
    [
      'transformer layers for each layer of a level',
      { transformer_layers_per_block: [[1, 1, 1]] },
      'transformer_layers_per_block: is [[1,1,1]]',
    ],
    [
      'a list shorter than the levels',
      { num_attention_heads: [5, 10] },
      'num_attention_heads: has 2 entries, but block_out_channels has 4',
    ],
    [
      'heads that do not divide the channels',
      { num_attention_heads: [5, 10, 20, 30] },
      'has 30 heads at level 3, which do not divide its 1280 channels',
    ],
    [
      'an odd embedding',
      { addition_time_embed_dim: 255, projection_class_embeddings_input_dim: 765 },
      'addition_time_embed_dim: is 255; supported: an even number',
    ],
    [
      'a projection that is not three embeddings',
      { projection_class_embeddings_input_dim: 512 },
      'is 512; must be 3 x addition_time_embed_dim = 768',
    ],
    [
      'a misspelt field',
      { num_atention_heads: 8 },
      'num_atention_heads: is 8, but svd-batch knows no such field',
    ],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(parse(changes)).rejects.toThrow(message)
  })

  test('ignores the heads of a level without attention', async () => {
    const attention = {
      up_block_types: [
        ...Array(2).fill('UpBlockSpatioTemporal'),
        ...Array(2).fill('CrossAttnUpBlockSpatioTemporal'),
      ],
    }
    const down_block_types = [
      'CrossAttnDownBlockSpatioTemporal',
      'CrossAttnDownBlockSpatioTemporal',
      'DownBlockSpatioTemporal',
      'DownBlockSpatioTemporal',
    ]
    const config = await parse({ ...attention, down_block_types, num_attention_heads: [5, 10, 7, 20] })
    expect(config.numAttentionHeads).toEqual([5, 10, 7, 20])
  })

  test('reports all faults at once, including those between fields', async () => {
    const faulty = parse({
      act_fn: 'mish',
      num_frames: -1,
      num_attention_heads: [5, 10, 20, 30],
      extra: true,
    })
    await expect(faulty).rejects.toThrow(/^unet\/config\.json: 4 faults\n/)
    await expect(faulty).rejects.toThrow(
      /num_frames: is -1.*\n {2}act_fn: is "mish".*\n {2}extra: .*\n {2}num_attention_heads: has 30/,
    )
  })

  test.each([null, [], 'text', 7])('refuses %j instead of an object', (json) => {
    expect(() => parseUnetConfig(json)).toThrow('supported: a JSON object')
  })

  test('ignores notes of the libraries and training settings', async () => {
    expect(await parse({ _name_or_path: 'x', _use_default_values: [], dropout: 0.1 })).toEqual(await parse())
  })
})

import { describe, expect, test } from 'vitest'
import { parseVaeConfig } from '../../../worker/checkpoint/vae-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const parse = async (changes: object = {}) =>
  parseVaeConfig(await xtConfig('vae/config.json', { ...changes }))

const levels = (...channels: number[]) => ({
  block_out_channels: channels,
  down_block_types: channels.map(() => 'DownEncoderBlock2D'),
})

describe('parseVaeConfig', () => {
  test("reads SVD-XT's config", async () => {
    expect(await parse()).toEqual({
      inChannels: 3,
      outChannels: 3,
      blockOutChannels: [128, 256, 512, 512],
      layersPerBlock: 2,
      latentChannels: 4,
      scalingFactor: 0.18215,
      forceUpcast: true,
      sampleSize: 768,
    })
  })

  test('uses the defaults of the reference for absent fields', () => {
    expect(parseVaeConfig(levels(32, 64))).toEqual({
      inChannels: 3,
      outChannels: 3,
      blockOutChannels: [32, 64],
      layersPerBlock: 1,
      latentChannels: 4,
      scalingFactor: 0.18215,
      forceUpcast: true,
      sampleSize: 32,
    })
  })

  test.each([[[32, 32]], [[32, 64, 96]], [[32, 64, 96, 128]]])('accepts the levels %j', async (channels) => {
    expect((await parse(levels(...channels))).blockOutChannels).toEqual(channels)
  })

  test.each([
    ['one level', levels(64), 'block_out_channels: has 1 level; supported: 2 to 4'],
    ['five levels', levels(32, 32, 32, 32, 32), 'block_out_channels: has 5 levels; supported: 2 to 4'],
    [
      'another encoder block',
      { down_block_types: Array(4).fill('AttnDownEncoderBlock2D') },
      'DownEncoderBlock2D',
    ],
    [
      'fewer blocks than levels',
      { down_block_types: ['DownEncoderBlock2D'] },
      'has 1 entries, but block_out_channels has 4',
    ],
    ['channels that 32 groups cannot share', levels(128, 200), 'multiples of 32'],
    ['a fourth colour', { in_channels: 4 }, 'in_channels: is 4; supported: 3'],
    ['a list of layers', { layers_per_block: [2, 2, 2, 2] }, 'layers_per_block: is [2,2,2,2]'],
    ['latents with a mean', { latents_mean: [0, 0, 0, 0] }, 'latents_mean: is [0,0,0,0]; supported: null'],
    ['latents with a shift', { shift_factor: 0.1 }, 'shift_factor: is 0.1; supported: null'],
    [
      'a scaling factor of zero',
      { scaling_factor: 0 },
      'scaling_factor: is 0; supported: a finite number above 0',
    ],
    ['another number of groups', { norm_num_groups: 16 }, 'norm_num_groups: is 16; supported: 32'],
    ['an unknown field', { temporal_compression_ratio: 4 }, 'temporal_compression_ratio'],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(parse(changes)).rejects.toThrow(message)
  })
})

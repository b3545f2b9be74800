import { describe, expect, test } from 'vitest'
import { parseClipVisionConfig } from '../../../worker/checkpoint/clip-vision-config.ts'
import { assertComponentsFit } from '../../../worker/checkpoint/component-fit.ts'
import { parseUnetConfig } from '../../../worker/checkpoint/unet-config.ts'
import { parseVaeConfig } from '../../../worker/checkpoint/vae-config.ts'
import { xtConfig } from '../../fixtures/checkpoint-folder.ts'

const check = async (changes: { unet?: object; vae?: object; clip?: object } = {}): Promise<void> =>
  assertComponentsFit({
    unet: parseUnetConfig(await xtConfig('unet/config.json', { ...changes.unet })),
    vae: parseVaeConfig(await xtConfig('vae/config.json', { ...changes.vae })),
    imageEncoder: parseClipVisionConfig(await xtConfig('image_encoder/config.json', { ...changes.clip })),
  })

describe('assertComponentsFit', () => {
  test('accepts the three networks of SVD-XT', () => check())

  test('accepts any width that all three share', () =>
    check({
      unet: { in_channels: 16, out_channels: 8, cross_attention_dim: 96 },
      vae: { latent_channels: 8 },
      clip: { projection_dim: 96 },
    }))

  test('ignores the context width of a level without attention', () => {
    const down_block_types = ['DownBlockSpatioTemporal', ...Array(3).fill('CrossAttnDownBlockSpatioTemporal')]
    const up_block_types = [...Array(3).fill('CrossAttnUpBlockSpatioTemporal'), 'UpBlockSpatioTemporal']
    return check({ unet: { down_block_types, up_block_types, cross_attention_dim: [7, 1024, 1024, 1024] } })
  })

  test.each([
    [
      'latents of another width',
      { vae: { latent_channels: 8 } },
      /in_channels: is 8; must be 16: .*\n.*out_channels: is 4; must be 8/,
    ],
    [
      'a UNet that takes no image latents',
      { unet: { in_channels: 4 } },
      /unet\/config\.json: in_channels: is 4; must be 8/,
    ],
    [
      'an image embedding of another width',
      { clip: { projection_dim: 768 } },
      /cross_attention_dim: is 1024; must be 768/,
    ],
    [
      'one level that attends to another width',
      { unet: { cross_attention_dim: [1024, 1024, 512, 1024] } },
      /cross_attention_dim: is 512; must be 1024/,
    ],
    [
      'an image encoder of another size',
      { clip: { image_size: 336 } },
      /image_encoder\/config\.json: image_size: is 336; supported: 224/,
    ],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(check(changes)).rejects.toThrow(message)
  })
})

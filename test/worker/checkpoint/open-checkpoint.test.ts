import { rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { readTensorValues } from '../../../worker/checkpoint/safetensors.ts'
import {
  aCheckpoint,
  SINGLE_FILES,
  someWeights,
  XT_CONFIGS,
  xtConfig,
} from '../../fixtures/checkpoint-folder.ts'

const DEMO = fileURLToPath(new URL('../../../worker/demo', import.meta.url))

describe('openCheckpoint', () => {
  test('opens the demo checkpoint', async () => {
    const checkpoint = await openCheckpoint(DEMO)
    const { unet, vae, imageEncoder } = checkpoint
    expect([unet, vae, imageEncoder].map(({ tensors, variant }) => [tensors?.size, variant])).toEqual([
      [906, 'fp16'],
      [207, 'fp16'],
      [40, 'fp16'],
    ])
    expect(unet.tensors?.get('conv_in.weight')).toMatchObject({ dtype: 'F16', shape: [64, 8, 3, 3] })
    expect(checkpoint.defaults).toMatchObject({
      width: 192,
      height: 128,
      numFrames: 14,
      maxGuidanceScale: 1.5,
      fps: 7,
    })
    const bias = await readTensorValues(unet.tensors!.get('conv_in.bias')!)
    expect(bias.length).toBe(64)
    expect(bias[0]).toBe(-0.00946044921875)
  })

  test('opens the configs of SVD-XT without weights', async () => {
    const checkpoint = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })
    expect(checkpoint.unet.tensors).toBeNull()
    expect(checkpoint.unet.config.numFrames).toBe(25)
    expect(checkpoint.unet.configFile).toBe('unet/config.json')
    expect(checkpoint.defaults).toMatchObject({
      width: 1024,
      height: 576,
      numFrames: 25,
      numInferenceSteps: 25,
    })
  })

  test('refuses a checkpoint without weights, unless they are optional', async () => {
    await expect(openCheckpoint(XT_CONFIGS)).rejects.toThrow('unet: has no weights')
  })

  test('opens float32 if both precisions exist, and the variant if it is requested', async () => {
    await using folder = await aCheckpoint({
      ...SINGLE_FILES,
      'unet/diffusion_pytorch_model.fp16.safetensors': someWeights('half'),
      'vae/diffusion_pytorch_model.fp16.safetensors': someWeights('half'),
      'image_encoder/model.fp16.safetensors': someWeights('half'),
    })
    expect((await openCheckpoint(folder.dir)).variant).toBeNull()
    const half = await openCheckpoint(folder.dir, { variant: 'fp16' })
    expect(half.variant).toBe('fp16')
    expect([...half.imageEncoder.tensors!.keys()]).toEqual(['half'])
    await expect(openCheckpoint(folder.dir, { variant: 'bf16' })).rejects.toThrow(
      'variant: no component has bf16 weights; there is: unet without a variant, vae without a variant',
    )
  })

  test('lists every file that belongs to the checkpoint, and no other file', async () => {
    const index = JSON.stringify({ weight_map: { one: 'b.safetensors', other: 'a.safetensors' } })
    const { 'unet/diffusion_pytorch_model.safetensors': _, ...others } = SINGLE_FILES
    await using folder = await aCheckpoint({
      ...others,
      'unet/diffusion_pytorch_model.safetensors.index.json': index,
      'unet/b.safetensors': someWeights('one'),
      'unet/a.safetensors': someWeights('other'),
      'unet/diffusion_pytorch_model.fp16.safetensors': someWeights(),
      'svd.json': '{}',
      'README.md': '# A model',
    })
    const { files } = await openCheckpoint(folder.dir)
    expect(files.toSorted()).toEqual([
      'feature_extractor/preprocessor_config.json',
      'image_encoder/config.json',
      'image_encoder/model.safetensors',
      'model_index.json',
      'scheduler/scheduler_config.json',
      'svd.json',
      'unet/a.safetensors',
      'unet/b.safetensors',
      'unet/config.json',
      'unet/diffusion_pytorch_model.safetensors.index.json',
      'vae/config.json',
      'vae/diffusion_pytorch_model.safetensors',
    ])
  })

  test('opens a component without a variant if only another component has the requested one', async () => {
    await using folder = await aCheckpoint({
      ...SINGLE_FILES,
      'unet/diffusion_pytorch_model.fp16.safetensors': someWeights(),
    })
    const { unet, vae } = await openCheckpoint(folder.dir, { variant: 'fp16' })
    expect([unet.variant, vae.variant]).toEqual(['fp16', null])
  })

  test('follows the symbolic links of a Hub cache', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    const blob = await folder.write('blobs/0123', someWeights('from_blob'))
    const link = join(folder.dir, 'unet/diffusion_pytorch_model.safetensors')
    await rm(link)
    await symlink(relative(dirname(link), blob), link)
    const { unet } = await openCheckpoint(folder.dir)
    expect(unet.tensors?.get('from_blob')?.file).toBe(blob)
  })

  test('reports a link whose target does not exist', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    const link = join(folder.dir, 'unet/diffusion_pytorch_model.safetensors')
    await rm(link)
    await symlink('../../blobs/gone', link)
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      'symbolic link names, is not there: download it again',
    )
  })

  test.each<[string, (unet: string) => Promise<void>, string]>([
    [
      'a file',
      (unet) => writeFile(unet, ''),
      'unet/config.json: cannot be opened; what should be a folder above it is a file: download the folder again',
    ],
    [
      'a link to itself',
      (unet) => symlink('unet', unet),
      'unet/config.json: cannot be opened; its symbolic links lead in a circle: download it again',
    ],
    ['missing', async () => {}, 'unet/config.json: is missing; download the whole folder'],
  ])('reports a component that is %s', async (_, place, message) => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    const unet = join(folder.dir, 'unet')
    await rm(unet, { recursive: true })
    await place(unet)
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(message)
  })

  test('reports a file that is a link to itself', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    const config = join(folder.dir, 'vae/config.json')
    await rm(config)
    await symlink('config.json', config)
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      'vae/config.json: cannot be opened; its symbolic links lead in a circle: download it again',
    )
  })

  test('accepts an index that lists an omitted component as null', async () => {
    const index = JSON.stringify(await xtConfig('model_index.json', { safety_checker: [null, null] }))
    await using folder = await aCheckpoint({ ...SINGLE_FILES, 'model_index.json': index })
    expect((await openCheckpoint(folder.dir)).variant).toBeNull()
  })

  test('refuses components that do not fit together', async () => {
    const vae = JSON.stringify(await xtConfig('vae/config.json', { latent_channels: 16 }))
    await using folder = await aCheckpoint({ ...SINGLE_FILES, 'vae/config.json': vae })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow('in_channels: is 8; must be 32')
  })

  test('reports a config that is missing', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    await rm(join(folder.dir, 'scheduler'), { recursive: true })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow('scheduler/scheduler_config.json: is missing')
  })

  test.each([
    ['null', 'supported: a JSON object'],
    ['{"width": 100}', 'width: is 100'],
    ['{"fps": 7, "fps": 8}', 'has the key "fps" twice'],
  ])('refuses an svd.json with %s', async (json, message) => {
    await using folder = await aCheckpoint({ ...SINGLE_FILES, 'svd.json': json })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(message)
  })

  test.each([
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'is not UTF-8 text'],
    ['not JSON', '{', 'unet/config.json: is not JSON'],
    ['larger than any config', ' '.repeat(2 ** 20 + 1), 'more than the 1048576'],
  ])('refuses a config that is %s', async (_name, content, message) => {
    await using folder = await aCheckpoint({ ...SINGLE_FILES, 'unet/config.json': content })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(message)
  })
})

import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import {
  aCheckpoint,
  aFolder,
  SINGLE_FILES,
  someWeights,
  XT_CONFIGS,
  xtConfig,
} from '../../fixtures/checkpoint-folder.ts'

describe('a folder that is not a checkpoint', () => {
  test('is reported as missing if it does not exist', async () => {
    await expect(openCheckpoint('/no/such/folder')).rejects.toThrow(
      '/no/such/folder: there is no such folder',
    )
  })

  test('is reported if links form a circle, or if a file is above it', async () => {
    await using folder = await aFolder()
    await symlink('loop', join(folder.dir, 'loop'))
    await expect(openCheckpoint(join(folder.dir, 'loop'))).rejects.toThrow('symbolic links lead in a circle')
    const file = await folder.write('file', 'text')
    await expect(openCheckpoint(join(file, 'x'))).rejects.toThrow(
      'what should be a folder above it is a file',
    )
  })

  test('is reported if it is a single-file checkpoint, or contains one', async () => {
    await using folder = await aFolder()
    const file = await folder.write('svd_xt.safetensors', someWeights())
    await expect(openCheckpoint(file)).rejects.toThrow(
      /single-file checkpoint, which is not read; give a diffusers folder.*hf download/,
    )
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      'holds a single-file checkpoint (svd_xt.safetensors)',
    )
  })

  test('is reported if it is one component', async () => {
    await expect(openCheckpoint(join(XT_CONFIGS, 'unet'))).rejects.toThrow(
      'one component of a checkpoint; give the folder above it',
    )
  })

  test('is reported if only model_index.json is missing', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    await rm(join(folder.dir, 'model_index.json'))
    await expect(openCheckpoint(folder.dir)).rejects.toThrow('has no model_index.json; copy it from')
  })

  test('is reported with the snapshot to give if it is the root of a Hub cache entry', async () => {
    await using folder = await aFolder()
    await folder.write('snapshots/9e43909/model_index.json', '{}')
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      `give the snapshot inside it: ${folder.dir}/snapshots/9e43909`,
    )
  })

  test.each(['', '/snapshots'])(
    'is reported with the snapshot of refs/main among several, given %j',
    async (given) => {
      await using folder = await aFolder()
      for (const commit of ['1a7f0c2', '9e43909', 'c0ffee1']) {
        await folder.write(`snapshots/${commit}/model_index.json`, '{}')
      }
      await folder.write('refs/main', '9e43909\n')
      await expect(openCheckpoint(`${folder.dir}${given}`)).rejects.toThrow(
        `of a Hub cache entry; give the snapshot inside it: ${folder.dir}/snapshots/9e43909`,
      )
    },
  )

  test('is reported with its number of snapshots if refs/main names none of them', async () => {
    await using folder = await aFolder()
    await folder.write('snapshots/1a7f0c2/model_index.json', '{}')
    await folder.write('snapshots/9e43909/model_index.json', '{}')
    await folder.write('refs/main', 'c0ffee1')
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      `give one of the 2 snapshots inside it: ${folder.dir}/snapshots/1a7f0c2`,
    )
  })

  test('is reported if it is empty', async () => {
    await using folder = await aFolder()
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      'has no model_index.json; give a diffusers folder',
    )
  })

  test('is reported with its pipeline alone if that is another pipeline', async () => {
    const index = JSON.stringify({
      _class_name: 'StableDiffusionPipeline',
      unet: ['diffusers', 'UNet2DConditionModel'],
    })
    await using folder = await aCheckpoint({ 'model_index.json': index })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(
      /^model_index\.json: _class_name: is "StableDiffusionPipeline"; supported: "StableVideoDiffusionPipeline"$/,
    )
  })

  test.each([
    [
      'names no pipeline',
      { _class_name: undefined },
      '_class_name: is absent; supported: "StableVideoDiffusionPipeline"',
    ],
    [
      'has another scheduler',
      { scheduler: ['diffusers', 'DDIMScheduler'] },
      'scheduler: is ["diffusers","DDIMScheduler"]; supported: ["diffusers","EulerDiscreteScheduler"]',
    ],
    ['lacks a component', { vae: undefined }, 'vae: is absent'],
    ['has a component too many', { safety_checker: ['diffusers', 'Checker'] }, 'safety_checker'],
    ['lists a component as null', { vae: [null, null] }, 'vae: is [null,null]; supported: ["diffusers",'],
  ])('is reported if its index %s', async (_name, changes, message) => {
    const index = JSON.stringify(await xtConfig('model_index.json', changes))
    await using folder = await aCheckpoint({ ...SINGLE_FILES, 'model_index.json': index })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(`model_index.json: ${message}`)
  })
})

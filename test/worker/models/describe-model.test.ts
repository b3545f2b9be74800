import { createHash } from 'node:crypto'
import { cp, readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hashModel, modelRecordSchema } from '../../../shared/contracts/model-record.ts'
import { describeModel } from '../../../worker/models/describe-model.ts'
import type { ModelProgress } from '../../../worker/models/model-progress.ts'
import { aCheckpoint, SINGLE_FILES } from '../../fixtures/checkpoint-folder.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { DEMO_DIR, UNET } from './a-pushed-model.ts'

const signal = new AbortController().signal

describe('the record of the demo checkpoint', () => {
  test('lists its files with their sizes and SHA-256, without files that it does not need', async () => {
    const record = await describeModel(DEMO_DIR, { modelId: 'demo', variant: null }, signal)
    expect(modelRecordSchema.parse(record)).toEqual(record)
    const paths = record.files.map(({ path }) => path)
    expect(paths).toContain(UNET)
    expect(paths).toContain('svd.json')
    expect(paths).not.toContain('README.md')
    for (const { path, size_bytes, sha256 } of record.files) {
      const bytes = await readFile(join(DEMO_DIR, path))
      expect([size_bytes, sha256], path).toEqual([
        bytes.length,
        createHash('sha256').update(bytes).digest('hex'),
      ])
    }
    expect(record).toMatchObject({ model_id: 'demo', variant: 'fp16', vae_scale_factor: 4, version: 1 })
    expect(record.defaults).toMatchObject({ width: 192, num_frames: 14, max_guidance_scale: 1.5 })
    expect(record.sha256).toBe(hashModel(record))
  })

  test('is the same whether the variant was requested or found', async () => {
    const found = await describeModel(DEMO_DIR, { modelId: 'demo', variant: null }, signal)
    expect(await describeModel(DEMO_DIR, { modelId: 'demo', variant: 'fp16' }, signal)).toEqual(found)
  })

  test('is made with progress reports of the hashed bytes, up to the total', async () => {
    const progress: ModelProgress[] = []
    const onProgress = (step: ModelProgress): void => void progress.push(step)
    const { files } = await describeModel(DEMO_DIR, { modelId: 'demo', variant: null, onProgress }, signal)
    const totalBytes = files.reduce((total, { size_bytes }) => total + size_bytes, 0)
    expect(progress.at(-1)).toEqual({ phase: 'hash', doneBytes: totalBytes, totalBytes })
  })
})

test('describeModel lists shards with their index, and links of a Hub cache by their names in the checkpoint', async () => {
  const form = { shards: 2, hubCacheSymlinks: true } as const
  const dir = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec('tiny'), form)
  const { files } = await describeModel(dir, { modelId: 'tiny', variant: null }, signal)
  expect(files.map(({ path }) => path).filter((path) => path.startsWith('vae/'))).toEqual([
    'vae/config.json',
    'vae/diffusion_pytorch_model.safetensors.index.json',
    'vae/diffusion_pytorch_model-00001-of-00002.safetensors',
    'vae/diffusion_pytorch_model-00002-of-00002.safetensors',
  ])
})

describe('describeModel refuses a checkpoint', () => {
  const aCopy = async (): Promise<string> => {
    const dir = await temporaryDir()
    await cp(DEMO_DIR, dir, { recursive: true })
    return dir
  }
  const describeIt = (dir: string, modelId = 'demo') => describeModel(dir, { modelId, variant: null }, signal)

  test('that lacks one of its configs', async () => {
    const dir = await aCopy()
    await rm(join(dir, 'scheduler/scheduler_config.json'))
    await expect(describeIt(dir)).rejects.toThrow('scheduler/scheduler_config.json: is missing')
  })

  test('with truncated weights', async () => {
    const dir = await aCopy()
    await truncate(join(dir, UNET), 5_000_000)
    await expect(describeIt(dir)).rejects.toThrow(UNET)
  })

  test('with other tensors than those of the networks', async () => {
    await using folder = await aCheckpoint(SINGLE_FILES)
    await expect(describeIt(folder.dir)).rejects.toThrow('image_encoder')
  })

  test.each(['', '../up', 'a b', '.hidden', 'a'.repeat(101)])('with the id %j', async (modelId) => {
    await expect(describeIt(DEMO_DIR, modelId)).rejects.toThrow(`model id: got '${modelId}'`)
  })
})
